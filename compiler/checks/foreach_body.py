"""FLOW213: a foreach that leads straight to a join.

No step would work on the items.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.join, foreach="items")

    @step
    def join(self, inputs):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    steps = analysis.flow.by_name
    for step in analysis.flow.steps:
        if isinstance(step.transition, (nodes.Foreach, nodes.Parallel)):
            target = steps.get(step.transition.target)
            if target is not None and target.is_join:
                what = f"the foreach of step `{step.name}` leads straight to the join `{target.name}`"
                yield Diagnostic(
                    "FLOW213",
                    what,
                    step.transition.span,
                    "no step would work on the items",
                    "add a step between them that works on one item",
                )
