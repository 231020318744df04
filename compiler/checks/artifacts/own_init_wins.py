"""FLOW221 (warning): a step assigns an artifact that the flow's own `__init__` sets again in every task.

`__init__` runs in each task before the step. What it sets before `super().__init__` hides the value that an earlier
step assigned to the same name, so that value is lost.

Example:

    def __init__(self, use_cli=True):
        self.total = 0
        super().__init__(use_cli)

    @step
    def start(self):
        self.total = self.total + 5
        self.next(self.end)

    @step
    def end(self):
        print(self.total)

Use instead:

    @step
    def start(self):
        self.total = 5
        self.next(self.end)

    @step
    def end(self):
        print(self.total)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

from .change_is_lost import steps_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        reported = set()
        for write in dataflow.steps[step.name].effects.writes:
            if write.name not in dataflow.initial or write.name in reported:
                continue
            later = next(
                (
                    later
                    for later in steps_after(analysis, step.name)
                    if write.name in dataflow.steps[later].effects.mentions
                ),
                None,
            )
            if later is not None:
                reported.add(write.name)
                what = (
                    f"step `{step.name}` changes `self.{write.name}`, which `__init__` sets again before step "
                    f"`{later}` reads it"
                )
                why = "`__init__` runs in each task, and its values hide those of earlier steps"
                yield Diagnostic(
                    "FLOW221", what, write.place.span, why, "set it in the first step instead of in `__init__`", WARNING
                )
