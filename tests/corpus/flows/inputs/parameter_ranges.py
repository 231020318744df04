# idiom: numbers within a range
# expect: compiles
# arguments:
# arguments: --workers 8 --rate 0.5 --depth 50
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Ranged(FlowSpec):
    workers = Parameter("workers", type=click.IntRange(1, 8), default=2)
    rate = Parameter("rate", type=click.FloatRange(0, 1), default=1)
    depth = Parameter("depth", type=click.IntRange(max=10, clamp=True), default=99)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Ranged()
