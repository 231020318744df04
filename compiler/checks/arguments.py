"""FLOW204: a step with the wrong number of arguments, or a join that also splits.

A step takes `self`. A join also takes `inputs`, the tasks that it joins, and goes on to exactly one step.

Example:

    @step
    def start(self, size):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

Use instead:

    size = Parameter("size", default=1)

    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.join)

    @step
    def b(self):
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
    for step in analysis.flow.steps:
        count = len(analysis.facts[step.name].arguments)
        if count == 0:
            yield Diagnostic(
                "FLOW204",
                f"step `{step.name}` has no argument `self`",
                step.span,
                "a step is a method, which Python calls with the flow",
                f"write `def {step.name}(self):`",
            )
        elif count > 2:
            why = "a step takes only `self`; a join takes `inputs` too"
            yield Diagnostic(
                "FLOW204",
                f"step `{step.name}` takes {count} arguments",
                step.span,
                why,
                "pass values as artifacts: `self.x = …`",
            )
        elif step.is_join and not isinstance(step.transition, (nodes.Linear, nodes.End)):
            what = f"step `{step.name}` both joins and splits"
            yield Diagnostic(
                "FLOW204",
                what,
                step.span,
                "a join goes on to exactly one step",
                "split in a separate step after the join",
            )
