"""FLOW415 (warning): `del` of an artifact that an earlier step has set.

`del self.NAME` removes the value from the step's memory if the step has read it before, and raises AttributeError if
not. It does not remove the artifact: later steps still have it.

Example:

    @step
    def start(self):
        self.rows = [1, 2]
        self.next(self.count)

    @step
    def count(self):
        self.total = len(self.rows)
        del self.rows
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.rows = [1, 2]
        self.next(self.count)

    @step
    def count(self):
        self.total = len(self.rows)
        self.rows = None
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    if dataflow.unknown:
        return
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if here.foreign:
            continue
        for gone in here.effects.deletes:
            if (
                gone.guarded
                or gone.unknown
                or gone.name in dataflow.fixed
                or gone.name not in here.before.must
                or gone.name in here.effects.must
            ):
                continue
            what = f"`del self.{gone.name}` does not remove the artifact, which comes from an earlier step"
            why = (
                "later steps still have it"
                if gone.assigned
                else "later steps still have it, and `del` raises AttributeError if this step has not read it"
            )
            yield Diagnostic(
                "FLOW415",
                what,
                gone.place.span,
                why,
                f"write `self.{gone.name} = None` to drop the value",
                WARNING,
            )
