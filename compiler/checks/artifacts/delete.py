"""FLOW415 (warning): `del` of an artifact that an earlier step has set.

`del self.NAME` takes the value out of the step's memory, if it has been read before, and raises AttributeError if it has not. It does not remove the
artifact: the next step has it still.

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

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import WARNING, Diagnostic


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    known = analysis.dataflow
    if known.unknown:
        return
    for step in analysis.flow.steps:
        here = known.steps[step.name]
        if here.foreign:
            continue
        for gone in here.effects.deletes:
            if (
                gone.guarded
                or gone.unknown
                or gone.name in known.fixed
                or gone.name not in here.before.must
                or gone.name in here.effects.must
            ):
                continue
            what = f"`del self.{gone.name}` does not remove the artifact, which comes from an earlier step"
            why = (
                "the steps that follow have it still"
                if gone.assigned
                else "the steps that follow have it still; unread, it even raises AttributeError"
            )
            yield Diagnostic(
                "FLOW415",
                what,
                gone.place.span,
                why,
                f"write `self.{gone.name} = None` to be rid of the value",
                WARNING,
            )
