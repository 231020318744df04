"""FLOW423: a foreach over an empty list.

A foreach needs at least one item. Without any, its target would have no task, and the run fails.

Example:

    @step
    def start(self):
        self.items = []
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
        self.items = ["a", "b"]
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
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step, name, _ in over(analysis):
        here = dataflow.steps[step.name]
        held = here.effects.definitions.get(name, frozenset())
        if name not in here.effects.must or name in here.effects.mentions or name in dataflow.fixed:
            continue  # whoever read it may have filled it
        if held and all(
            definition is not None and definition.exact and _is_empty(definition.node.text()) for definition in held
        ):
            fails = here.in_every_run and not here.catches
            what = f"the foreach of step `{step.name}` iterates over `self.{name}`, which is empty"
            why, how = (
                "a foreach without items fails the run",
                "make sure that there is at least one item, or go around the foreach with a switch",
            )
            yield Diagnostic("FLOW423", what, step.transition.span, why, how, ERROR if fails else WARNING)  # type: ignore[union-attr]


def _is_empty(text: str) -> bool:
    return "".join(text.split()) in ("[]", "()", "{}", "''", '""', "list()", "tuple()", "dict()", "set()", "range(0)")
