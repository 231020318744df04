# idiom: a subclass of Parameter
# expect: compiles
# arguments:
# arguments: --train 0.7 --region US
from metaflow import FlowSpec, Parameter, step


class Share(Parameter):
    def __init__(self, name, default=0.5, **options):
        super().__init__(name, default=default, type=float, help=f"share of {name}", **options)


class Lower(Parameter):
    def load_parameter(self, v):
        return v.lower()


class WithSubclass(FlowSpec):
    train = Share("train")
    test = Share("test", default=0.2)
    region = Lower("region", default="EU")

    @step
    def start(self):
        self.seen = (self.train, self.test, self.region)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithSubclass()
