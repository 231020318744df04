# idiom: a default outside its range
# expect: FLOW304
# metaflow: it refuses it too
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class OutOfRange(FlowSpec):
    workers = Parameter("workers", type=click.IntRange(1, 8), default=9)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OutOfRange()
