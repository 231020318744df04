# idiom: an option whose number counts
# expect: compiles
# arguments:
# arguments: --verbose --verbose
from metaflow import FlowSpec, Parameter, step


class Loud(FlowSpec):
    verbosity = Parameter("verbose", count=True)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Loud()
