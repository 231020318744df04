# idiom: `namedtuple` and `NamedTuple` as artifacts and as items of a foreach
# expect: compiles
from collections import namedtuple
from typing import NamedTuple

from metaflow import FlowSpec, step

Point = namedtuple("Point", "x y")


class Job(NamedTuple):
    name: str
    size: int = 1


class Tuples(FlowSpec):
    @step
    def start(self):
        self.origin = Point(0, 0)
        self.jobs = [Job("small"), Job("large", 10)]
        self.next(self.work, foreach="jobs")

    @step
    def work(self):
        name, size = self.input
        self.done = Job(name, size * 2)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sizes = {each.done.name: each.done.size for each in inputs}
        self.merge_artifacts(inputs, include=["origin"])
        self.next(self.end)

    @step
    def end(self):
        self.moved = self.origin._replace(x=1)


if __name__ == "__main__":
    Tuples()
