"""FLOW205: a step that does not end with `self.next`.

Only the last statement of a step can be its transition. flowc and Metaflow both ignore a `self.next` inside an `if`
or a `try`. To choose between steps, use a switch.

Example:

    @step
    def start(self):
        self.big = True
        if self.big:
            self.next(self.train)

    @step
    def train(self):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.big = True
        self.next({True: self.train, False: self.end}, condition="big")

    @step
    def train(self):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    if not analysis.flow.end:
        return  # any of them may be meant to be the end
    after_the_end = _after_the_end(analysis)
    for step in analysis.flow.steps:
        facts = analysis.facts[step.name]
        if step.name != analysis.flow.end and step.name not in after_the_end and not facts.has_next and facts.arguments:
            why = (
                "only the last statement of a step can be its transition; a `self.next` inside another statement is "
                "ignored"
            )
            how = "end the step with `self.next(self.some_step)`; to choose between steps, use a switch"
            yield Diagnostic("FLOW205", f"step `{step.name}` does not end with `self.next`", facts.last, why, how)


def _after_the_end(analysis: Analysis) -> set[str]:
    """Returns the steps after an `end` that has a transition (FLOW202): one of them may be the real end."""
    steps = analysis.flow.by_name
    seen: set[str] = set()
    waiting = [analysis.flow.end] if analysis.facts[analysis.flow.end].has_next else []
    while waiting:
        step = steps[waiting.pop()]
        waiting += [target for target in targets(step) if target in steps and target not in seen]
        seen.update(targets(step))
    return seen
