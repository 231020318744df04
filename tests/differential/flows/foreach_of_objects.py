"""Foreach over objects of the flow's own, tuples, None, nested lists, and a Parameter."""
from dataclasses import dataclass
from itertools import product

from metaflow import FlowSpec, JSONType, Parameter, catch, retry, step, current


@dataclass(frozen=True)
class Job:
    name: str
    weight: float = 1.0


class ForeachOfObjects(FlowSpec):
    grid = Parameter("grid", type=JSONType, default='[{"a": 1}, {"a": 2}]')

    @step
    def start(self):
        self.next(self.from_parameter, foreach="grid")

    @step
    def from_parameter(self):
        self.a = self.input["a"]
        self.jobs = [Job("x"), Job("y", 2.0)]
        self.next(self.job, foreach="jobs")

    @retry(times=2, minutes_between_retries=0)
    @catch(var="failed", print_exception=False)
    @step
    def job(self):
        self.tried = current.retry_count
        if self.input.name == "y" and self.a == 2:
            raise ValueError(self.input)
        self.done = (self.input, self.a)
        self.next(self.jobs_done)

    @step
    def jobs_done(self, inputs):
        self.kept = [getattr(each, "done", None) for each in inputs]
        self.failed_ones = [each.index for each in inputs if each.failed]
        self.a = inputs[0].a
        self.next(self.grid_done)

    @step
    def grid_done(self, inputs):
        self.kept = [each.kept for each in inputs]
        self.failed_ones = {each.a: each.failed_ones for each in inputs}
        self.next(self.more)

    @step
    def more(self):
        self.mixed = [None, (1, 2), [3, [4]], "text", b"raw", {5}]
        self.next(self.one, foreach="mixed")

    @step
    def one(self):
        self.kind = type(self.input).__name__
        self.next(self.ones)

    @step
    def ones(self, inputs):
        self.kinds = [each.kind for each in inputs]
        self.merge_artifacts(inputs, include=["kept", "failed_ones"])
        self.next(self.combine)

    @step
    def combine(self):
        self.combinations = list(product([0, 1], "ab"))
        self.next(self.combination, foreach="combinations")

    @step
    def combination(self):
        number, letter = self.input
        self.text = f"{number}{letter}"
        self.next(self.combined)

    @step
    def combined(self, inputs):
        self.texts = "".join(each.text for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOfObjects()
