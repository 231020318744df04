"""FLOW205: a step that does not end with `self.next`.

The last statement of a step says where to go on, and only the last: a `self.next` inside an `if` or a `try` is not seen, by Metaflow neither. To
choose between steps there is the switch.

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
