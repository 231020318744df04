"""FLOW420 (warning): a foreach over a set.

A set has no fixed order: it differs from process to process, so with Metaflow one item may be processed twice and
another never. flowc fixes the order once, in the step that splits, so each item is processed once. But the index of
an item differs from run to run.

Example:

    @step
    def start(self):
        self.items = {"a", "b"}
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = sorted({"a", "b"})
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.foreach_values import over
from flowc.compiler.fold import value_kinds
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step, name, held in over(analysis):
        if held == {value_kinds.SET}:
            what = f"the foreach of step `{step.name}` iterates over `self.{name}`, a set, which has no fixed order"
            why = "an item's index differs from run to run, and with Metaflow items may be lost"
            yield Diagnostic("FLOW420", what, step.transition.span, why, f"write `self.{name} = sorted(…)`", WARNING)  # type: ignore[union-attr]
