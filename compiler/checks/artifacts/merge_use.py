"""FLOW407: a `merge_artifacts` in a step that is not a join, or with both `include` and `exclude`.

Metaflow raises MetaflowException for both.

Example:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.x = 1
        self.next(self.join)

    @step
    def right(self):
        self.x = 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["x"], exclude=["z"])
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.x = 1
        self.next(self.join)

    @step
    def right(self):
        self.x = 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["x"])
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step in analysis.flow.steps:
        here = analysis.dataflow.steps[step.name]
        for merge in here.effects.merges:
            if merge.guarded:
                continue
            fails = ERROR if merge.certain and here.in_every_run and not here.catches else WARNING
            if not step.is_join:
                what = f"step `{step.name}` calls `merge_artifacts`, but is not a join"
                why = "there are no inputs to merge"
                yield Diagnostic(
                    "FLOW407",
                    what,
                    merge.place.span,
                    why,
                    "remove the call: the step already has the artifacts of the step before",
                    fails,
                )
            elif merge.include and merge.exclude:
                what = f"`merge_artifacts` in join `{step.name}` is given both `include` and `exclude`"
                yield Diagnostic(
                    "FLOW407",
                    what,
                    merge.place.span,
                    "`include` lists what to take, `exclude` what not to: Metaflow accepts only one",
                    "remove one of them",
                    fails,
                )
