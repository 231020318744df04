"""FLOW212: a switch that has fewer than two cases, leads straight to a join, or loops without an exit.

With one case there is nothing to choose. A join waits for all branches of its split, but a switch takes only one of
its cases. So another step must come between the switch and the join.

Example:

    @step
    def start(self):
        self.kind = "a"
        self.next({"a": self.end}, condition="kind")

Use instead:

    @step
    def start(self):
        self.kind = "a"
        self.next({"a": self.end, "b": self.more}, condition="kind")

    @step
    def more(self):
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
        transition = step.transition
        if not isinstance(transition, nodes.Switch):
            continue
        if len(transition.cases) < 2:
            what = f"the switch of step `{step.name}` has fewer than two cases"
            yield Diagnostic(
                "FLOW212",
                what,
                transition.span,
                "there is nothing to choose",
                "add a case, or write `self.next(self.STEP)`",
            )
        elif all(case.target == step.name for case in transition.cases):
            yield Diagnostic(
                "FLOW212",
                f"the loop of step `{step.name}` has no exit",
                transition.span,
                why="the run would never end",
                how="let one case go to a different step",
            )
        for case in transition.cases if not step.is_join else ():  # FLOW204 reports a join that switches
            if case.target in steps and steps[case.target].is_join and case.target != analysis.flow.start:
                what = f"the switch of step `{step.name}` leads straight to the join `{case.target}`"
                why = "a join waits for every branch, but a switch takes only one"
                yield Diagnostic(
                    "FLOW212", what, case.span, why, f"add a step between them that goes on to `{case.target}`"
                )
