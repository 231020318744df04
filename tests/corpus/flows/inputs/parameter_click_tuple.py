# idiom: click's Tuple with a default
# expect: compiles
# arguments: --pair b 2
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class PairOfClick(FlowSpec):
    pair = Parameter("pair", type=click.Tuple([str, float]), default=("a", 1.5))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PairOfClick()
