# idiom: a default that is no choice
# expect: FLOW304
# metaflow: it refuses it too
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class ChosenWrong(FlowSpec):
    size = Parameter("size", type=click.Choice(["small", "large"]), default="medium")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ChosenWrong()
