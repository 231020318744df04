"""FLOW208: a step that is never reached.

No path leads there from the start, so the step would never run. Metaflow refuses the flow too.

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

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir.nodes import Step
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDS = ("cycles",)  # fixing a cycle makes the steps after it reachable again


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    flow = analysis.flow
    steps = flow.by_name
    if flow.start not in steps or any(_unclear(analysis, step, steps) for step in flow.steps):
        return
    if any(flow.start in targets(step) or targets(step) == (step.name,) for step in flow.steps):
        return  # a step can only go back; FLOW202 or FLOW212 reports it
    lost = set(steps) - _reached(flow.start, steps)
    # the unreachable step before it is reported
    after_another = {target for name in lost for target in targets(steps[name]) if target != name}
    for step in flow.steps:
        if step.name in lost and step.name not in after_another:
            how = f"name `{step.name}` in the `self.next` of another step, or remove it"
            yield Diagnostic(
                "FLOW208",
                f"step `{step.name}` is never reached",
                step.span,
                f"no path leads there from `{flow.start}`, so it would never run",
                how,
            )


def _reached(first: str, steps: dict[str, Step]) -> set[str]:
    """Returns the step and every step that can be reached from it."""
    seen: set[str] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(targets(steps[name]))
    return seen


def _unclear(analysis: Analysis, step: Step, steps: dict[str, Step]) -> bool:
    """Returns True if the step's transition is faulty: then its targets are unknown. A different check reports it."""
    facts = analysis.facts[step.name]
    is_clear = (facts.has_next and facts.next_is_understood and bool(targets(step))) or step.name == analysis.flow.end
    return not is_clear or any(target not in steps for target in targets(step))
