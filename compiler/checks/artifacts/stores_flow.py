"""FLOW414: the flow itself, or a join's inputs, stored as an artifact.

A flow object cannot be saved, and neither can a value that contains one, such as one of a join's inputs. The step
would fail at its end. Store the values that you need instead.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.score = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(inputs, key=lambda each: each.score)
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.score = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(each.score for each in inputs)
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        for write in here.effects.flow_objects:
            held = here.effects.definitions.get(write.name, frozenset())
            if len(held) != 1 or None in held or write.name.startswith("__"):
                continue  # it may be reassigned or deleted before the step ends
            what = f"`self.{write.name}` holds the flow or one of its inputs at the end of step `{step.name}`"
            how = f"store only the values that you need: `self.{write.name} = ….NAME`"
            fails = write.certain and write.name in here.effects.must and here.in_every_run and not here.catches
            yield Diagnostic(
                "FLOW414",
                what,
                write.place.span,
                "a flow object cannot be pickled, so the step would fail when it saves its artifacts",
                how,
                ERROR if fails else WARNING,
            )
