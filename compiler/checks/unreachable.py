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

from flowc.compiler.diagnostics import Diagnostic
from flowc.compiler.ir import Step
from flowc.compiler.reading import Reading
from flowc.compiler.scopes import targets


def check(reading: Reading) -> Iterator[Diagnostic]:
    flow = reading.flow
    steps = {step.name: step for step in flow.steps}
    if flow.start not in steps or any(_unclear(reading, step, steps) for step in flow.steps):
        return
    seen: set[str] = set()
    waiting = [flow.start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(targets(steps[name]))
    for step in flow.steps:
        if step.name not in seen:
            how = f"name it in the `self.next` of another step, or remove `{step.name}`"
            yield Diagnostic("FLOW208", f"step `{step.name}` is never reached", step.span, f"no way leads there from `{flow.start}`", how)


def _unclear(reading: Reading, step: Step, steps: dict[str, Step]) -> bool:
    """True if where the step goes on is another check's business: then nobody knows what is reached."""
    facts = reading.facts[step.name]
    known = (facts.has_next and facts.next_is_understood) or step.name == reading.flow.end
    return not known or any(target not in steps for target in targets(step))
