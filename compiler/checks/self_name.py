"""FLOW215: a transition through another name than `self`.

Python lets the first argument of a method have any name, but Metaflow looks for the words `self.next`, and does not see the transition of such a
step. So the flow would run here and be refused there.

Example:

    @step
    def start(this):
        this.next(this.end)

Use instead:

    @step
    def start(self):
        self.next(self.end)
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step in analysis.flow.steps:
        facts = analysis.facts[step.name]
        if facts.has_next and facts.arguments[0] != "self":
            what = f"step `{step.name}` goes on with `{facts.arguments[0]}.next`"
            yield Diagnostic(
                "FLOW215",
                what,
                facts.last,
                "Metaflow sees only `self.next`",
                f"call the first argument of `{step.name}` `self`",
            )
