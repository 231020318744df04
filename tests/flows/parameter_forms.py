"""Parameters with choices, ranges, several values, flags, and types that steps see as more than text."""

from pathlib import Path

from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


def words(text):
    return text.split("+")


class ParameterForms(FlowSpec):
    size = Parameter("size", type=click.Choice(["small", "large"]), default="small")
    kind = Parameter("kind", type=click.Choice(["Tree", "Net"], case_sensitive=False))
    workers = Parameter("workers", type=click.IntRange(1, 8), default=2)
    depth = Parameter("depth", type=click.FloatRange(max=10, clamp=True), default=99)
    tables = Parameter("table", multiple=True)
    window = Parameter("window", nargs=2, type=float, default=(0, 1))
    pair = Parameter("pair", type=(str, int), default=("a", 1))
    quiet = Parameter("quiet", is_flag=True, default=False)
    day = Parameter("day", type=click.DateTime(), default="2024-02-29")
    target = Parameter("target", type=Path, default="data/out.csv")
    names = Parameter("names", type=words, default="a+b")

    @step
    def start(self):
        self.seen = [self.size, self.kind, self.workers, self.depth, self.tables, self.window, self.pair, self.quiet]
        self.next(self.end)

    @step
    def end(self):
        self.more = [self.day.isoformat(), self.target.name, self.names]


if __name__ == "__main__":
    ParameterForms()
