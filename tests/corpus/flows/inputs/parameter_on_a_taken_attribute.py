# idiom: a parameter on the attribute `name`, which Metaflow ignores: its runs have no such option
# expect: FLOW302
from metaflow import FlowSpec, Parameter, step


class Taken(FlowSpec):
    name = Parameter("name", default="x")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Taken()
