"""FLOW208: a step that is never reached.

No way leads there from the start, so it would never run. Metaflow refuses such a flow.

Example:

    @step
    def start(self):
        self.next(self.end)

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

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir.nodes import Step
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic

NEEDS = ("cycles",)  # where a cycle is mended, the way to what follows is found again


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    flow = analysis.flow
    steps = flow.by_name
    if flow.start not in steps or any(_unclear(analysis, step, steps) for step in flow.steps):
        return
    if any(flow.start in targets(step) or targets(step) == (step.name,) for step in flow.steps):
        return  # some step can only go back to where a run has been, which FLOW202 or FLOW212 say
    lost = set(steps) - _reached(flow.start, steps)
    after_another = {
        target for name in lost for target in targets(steps[name]) if target != name
    }  # lost with the step that leads there
    for step in flow.steps:
        if step.name in lost and step.name not in after_another:
            how = f"name it in the `self.next` of another step, or remove `{step.name}`"
            yield Diagnostic(
                "FLOW208",
                f"step `{step.name}` is never reached",
                step.span,
                f"no way leads there from `{flow.start}`",
                how,
            )


def _reached(first: str, steps: dict[str, Step]) -> set[str]:
    """The step and all that can be reached from it."""
    seen: set[str] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(targets(steps[name]))
    return seen


def _unclear(analysis: Analysis, step: Step, steps: dict[str, Step]) -> bool:
    """True if where the step goes on is another check's business: then nobody knows what is reached."""
    facts = analysis.facts[step.name]
    known = (facts.has_next and facts.next_is_understood and bool(targets(step))) or step.name == analysis.flow.end
    return not known or any(target not in steps for target in targets(step))
