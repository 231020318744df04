"""FLOW210: a foreach or a switch over an artifact that nothing assigns.

The step would fail at run time: there is no list to split, or no value to choose by.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="itmes")

    @step
    def work(self):
        self.next(self.join)

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
from flowc.compiler.dataflow.assigned import API
from flowc.compiler.ir import nodes
from flowc.compiler.read.caught import caught
from flowc.compiler.report.diagnostics import Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    if dataflow.assigns_anything:
        return
    assigned = caught(analysis.flow.steps).union(*(step.effects.ever for step in dataflow.steps.values()))
    present = dataflow.fixed - API | dataflow.initial
    for step in analysis.flow.steps:
        transition = step.transition
        if isinstance(transition, nodes.Foreach):
            name, what = transition.over, "foreach"
        elif isinstance(transition, nodes.Switch):
            name, what = transition.on, "switch"
        else:
            continue
        if name is None or name in assigned or name in present:
            continue
        close = nearest(name, sorted(assigned | present - analysis.methods))
        how = f"did you mean `{close}`?" if close else f"assign it before: `self.{name} = …`"
        yield Diagnostic(
            "FLOW210",
            f"nothing assigns `self.{name}`, which the {what} of step `{step.name}` needs",
            transition.span,
            why="the step would fail at run time",
            how=how,
        )
