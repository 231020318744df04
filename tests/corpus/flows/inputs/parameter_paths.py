# idiom: paths of click and of pathlib
# expect: compiles
# arguments:
# arguments: --target x/y.csv --folder z
from pathlib import Path

from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Pathed(FlowSpec):
    source = Parameter("source", type=click.Path(), default="data/in.csv")
    target = Parameter("target", type=Path, default="data/out.csv")
    folder = Parameter("folder", default=Path("data"))

    @step
    def start(self):
        self.name_of_target = self.target.name
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Pathed()
