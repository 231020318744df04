"""FLOW206: a transition to a step that does not exist.

Only a method of the flow marked `@step` can be the target of `self.next`.

Example:

    @step
    def start(self):
        self.next(self.trian)

    @step
    def train(self):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    names = dict.fromkeys(step.name for step in analysis.flow.steps)
    # FLOW202 reports the missing end once
    roles = {role for role in ("start", "end") if not getattr(analysis.flow, role)}
    reported: set[str] = set()
    for step in analysis.flow.steps:
        for target in targets(step):
            if target in names or target in roles or target in reported or isinstance(step.transition, nodes.End):
                continue
            place = step.transition.span
            if isinstance(step.transition, nodes.Switch):
                place = next(case.span for case in step.transition.cases if case.target == target)
            if target in analysis.methods:
                how = f"mark `{target}` with `@step`"
            else:
                close = nearest(target, [name for name in names if name != step.name])
                if close is None:
                    # one definition fixes every place, but each misspelt name must be fixed where it is
                    reported.add(target)
                how = f"did you mean `{close}`?" if close else "define the step, or remove it here"
            yield Diagnostic(
                "FLOW206",
                f"step `{step.name}` goes to `{target}`, which is not a step",
                place,
                why="only a method marked `@step` can be the target of `self.next`",
                how=how,
            )
