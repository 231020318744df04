# idiom: a subclass replaces constants and parameters of its base
# expect: compiles
from metaflow import FlowSpec, Parameter, resources, step


class Base(FlowSpec):
    MODEL = "small"
    rate = Parameter("rate", default=0.1)

    @resources(cpu=1)
    @step
    def start(self):
        self.model = f"{self.MODEL}@{self.rate}"
        self.next(self.end)

    @step
    def end(self):
        pass


class Large(Base):
    MODEL = "large"
    rate = Parameter("rate", default=0.5)


if __name__ == "__main__":
    Large()
