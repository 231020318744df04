"""FLOW212: a switch with fewer than two cases, that leads straight to a join, or that is a loop without a way out.

With one case there is nothing to choose. A join waits for all branches of its split, and a switch takes one of several ways: so a step stands
between them, where the ways meet again.

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

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import Diagnostic


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
                f"the loop of step `{step.name}` has no way out",
                transition.span,
                why="the run would never end",
                how="lead one case to another step",
            )
        for case in transition.cases if not step.is_join else ():  # a join that switches is wrong by itself
            if case.target in steps and steps[case.target].is_join and case.target != analysis.flow.start:
                what = f"the switch of step `{step.name}` leads straight to the join `{case.target}`"
                why = "a join waits for every branch, and a switch takes one of several ways"
                yield Diagnostic(
                    "FLOW212", what, case.span, why, f"put a step between them that goes on to `{case.target}`"
                )
