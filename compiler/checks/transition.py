"""FLOW205: a step that does not say where to go on. Only the last statement of a step counts.

@step
def a(self):
    if self.x:
        self.next(self.b)      # not seen: not the last statement of the step itself
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler.diagnostics import Diagnostic
from flowc.compiler.reading import Reading


def check(reading: Reading) -> Iterator[Diagnostic]:
    if not reading.flow.end:
        return  # any of them may be meant as the end
    for step in reading.flow.steps:
        facts = reading.facts[step.name]
        if step.name != reading.flow.end and not facts.has_next and facts.arguments:
            why = "the last statement of a step says where to go on; a `self.next` inside another statement does not count"
            how = "end the step with `self.next(self.some_step)`, and use a switch to choose"
            yield Diagnostic("FLOW205", f"step `{step.name}` does not end with `self.next`", facts.last, why, how)
