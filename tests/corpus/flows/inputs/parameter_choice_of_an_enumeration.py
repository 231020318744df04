# idiom: the choices are the values of an enumeration
# expect: compiles
# arguments: --size large
import enum

from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class ChosenValue(FlowSpec):
    size = Parameter("size", type=click.Choice([each.value for each in Size]), default=Size.SMALL.value)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ChosenValue()
