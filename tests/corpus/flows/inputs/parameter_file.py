# idiom: an open file as a value
# expect: FLOW303
# metaflow: it cannot save the value
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Opened(FlowSpec):
    source = Parameter("source", type=click.File("r"))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Opened()
