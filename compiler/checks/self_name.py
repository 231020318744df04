"""FLOW215: a transition that is not written as `self.next`.

Python allows any name for the first argument of a method. Metaflow, however, looks for the words `self.next`, and
would refuse the flow.

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

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step in analysis.flow.steps:
        facts = analysis.facts[step.name]
        if facts.has_next and facts.arguments[0] != "self":
            what = f"step `{step.name}` continues with `{facts.arguments[0]}.next`"
            yield Diagnostic(
                "FLOW215",
                what,
                facts.last,
                "Metaflow recognizes only `self.next`",
                f"rename the first argument of `{step.name}` to `self`",
            )
