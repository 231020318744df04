"""FLOW400: an artifact that is read before any step has set it.

No path to the step assigns `self.NAME`, so reading it raises AttributeError. This is an error if every run reads it,
and a warning if only some do, for example inside an `if`.

Example:

    @step
    def start(self):
        self.rows = [1, 2]
        self.next(self.count)

    @step
    def count(self):
        self.total = len(self.row)
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.rows = [1, 2]
        self.next(self.count)

    @step
    def count(self):
        self.total = len(self.rows)
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.unset_reads import missing
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for read in missing(analysis):
        if read.dropped_by or any(_is_function(analysis, step, read.name) for step in read.assigned_by):
            continue  # FLOW401, FLOW412
        names = {*dataflow.steps[read.step].before.may, *dataflow.fixed}
        close = nearest(read.name, [name for name in names if not name.startswith("_") and name != read.name])
        if read.assigned_by:
            steps = ", ".join(f"`{step}`" for step in read.assigned_by[:3])
            why = (
                f"only {steps} {'assigns' if len(read.assigned_by) == 1 else 'assign'} it, and no path leads from "
                "there to here"
            )
        else:
            why = "nothing assigns it"
        how = f"did you mean `self.{close}`?" if close else f"assign it before: `self.{read.name} = …`"
        what = f"step `{read.step}` {read.what} `self.{read.name}`, which is not set then"
        yield Diagnostic("FLOW400", what, read.span, why, how, ERROR if read.fails else WARNING)


def _is_function(analysis: Analysis, step: str, name: str) -> bool:
    dataflow = analysis.dataflow
    return any(map(dataflow.is_function, dataflow.steps[step].effects.definitions.get(name, ())))
