"""FLOW401: a read of an artifact that a join has dropped.

A join begins with none of its branches' artifacts, since they may differ. It has only parameters and constants until
it assigns an artifact or takes it over with `self.merge_artifacts(inputs)`. Reading any other artifact, in the join
or in a step after it, raises AttributeError.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.score = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.report)

    @step
    def report(self):
        print(self.items, self.score)
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.score = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = [each.score for each in inputs]
        self.merge_artifacts(inputs, include=["items"])
        self.next(self.report)

    @step
    def report(self):
        print(self.items, self.scores)
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.unset_reads import missing
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for read in missing(analysis):
        if not read.dropped_by:
            continue
        itself = read.step == read.dropped_by
        what = f"step `{read.step}` {read.what} `self.{read.name}`, which "
        what += "a join does not have by itself" if itself else f"join `{read.dropped_by}` has dropped"
        why = "a join begins without the artifacts of its branches"
        yield Diagnostic(
            "FLOW401",
            what,
            read.span,
            why,
            _how(analysis, read.dropped_by, read.name),
            ERROR if read.fails else WARNING,
        )


def _how(analysis: Analysis, join: str, name: str) -> str:
    dataflow = analysis.dataflow
    inputs = analysis.facts[join].arguments[1]
    arrivals = dataflow.steps[join].arrivals
    having = [step for step, facts in arrivals.items() if name in facts.may]
    if dataflow.is_unchanged(join, name):
        return f"write `self.merge_artifacts({inputs}, include=['{name}'])` in `{join}`"
    if len(having) == 1 and len(arrivals) > 1:
        return f"write `self.{name} = {inputs}.{having[0]}.{name}` in `{join}`"
    return (
        f"write `self.{name} = [each.{name} for each in {inputs}]` in `{join}`, or `self.merge_artifacts({inputs})` "
        "if all have the same value"
    )
