"""FLOW406: a merge of an artifact that no branch has.

`merge_artifacts` raises MissingInMergeArtifactsException for a name in `include` that none of the inputs has, unless
the join has assigned it before.

Example:

    @step
    def start(self):
        self.model = "linear"
        self.next(self.left, self.right)

    @step
    def left(self):
        print(self.model)
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["modle"])
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.model = "linear"
        self.next(self.left, self.right)

    @step
    def left(self):
        print(self.model)
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["model"])
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if not here.branches or dataflow.unknown or here.foreign or any(branch.unknown for branch in here.branches):
            continue
        available = set().union(*(branch.may for branch in here.branches))
        for merge in here.effects.merges:
            if merge.guarded or merge.unknown:
                continue
            for name in merge.include or ():
                if name in available or name in merge.may or name in dataflow.fixed:
                    continue
                close = nearest(name, available)
                how = f"did you mean `{close}`?" if close else f"remove it, or assign it in a branch: `self.{name} = …`"
                what = f"`merge_artifacts` in join `{step.name}` includes `{name}`, which no branch has"
                fails = merge.certain and here.in_every_run and not here.catches
                why = "it raises MissingInMergeArtifactsException"
                yield Diagnostic("FLOW406", what, merge.place.span, why, how, ERROR if fails else WARNING)
