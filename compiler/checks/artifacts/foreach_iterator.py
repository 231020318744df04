"""FLOW422: a foreach over a generator or an iterator.

A generator cannot be saved, so the step fails when it ends. Other iterators (`map`, `zip`, `filter`, …) are exhausted
by counting their items, so no task finds its own.

Example:

    @step
    def start(self):
        self.items = (number * 2 for number in range(3))
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
        self.items = [number * 2 for number in range(3)]
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
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step, name, held in over(analysis):
        here = dataflow.steps[step.name]
        body = dataflow.steps.get(targets(step)[0])
        if held == {value_kinds.GENERATOR}:
            fails, why = here.in_every_run and not here.catches, "a generator cannot be saved"
        elif held == {value_kinds.ITERATOR} and body is not None and "input" in body.effects.mentions:
            fails, why = False, "counting the items exhausts it, so no task finds its own"
        else:
            continue
        what = f"the foreach of step `{step.name}` iterates over `self.{name}`, {next(iter(held))}"
        severity = ERROR if fails else WARNING
        yield Diagnostic("FLOW422", what, step.transition.span, why, f"write `self.{name} = list(…)`", severity)  # type: ignore[union-attr]
