# idiom: a tuple of values of different types
# expect: compiles
# arguments:
# arguments: --pair b 2
from metaflow import FlowSpec, Parameter, step


class Pair(FlowSpec):
    pair = Parameter("pair", type=(str, int), default=("a", 1))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Pair()
