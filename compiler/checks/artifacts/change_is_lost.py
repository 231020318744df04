"""FLOW411 (warning): a parameter or constant that is changed in place and read in a later step.

Parameters and constants are saved once, when the run starts. A change inside the object, such as `append`, lasts
until the end of the step and is gone in the next.

Example:

    seen = []

    @step
    def start(self):
        self.seen.append("start")
        self.next(self.end)

    @step
    def end(self):
        print(self.seen)

Use instead:

    @step
    def start(self):
        self.seen = ["start"]
        self.next(self.end)

    @step
    def end(self):
        print(self.seen)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    kinds = {**{constant.name: "constant" for constant in analysis.flow.constants}}
    kinds.update({parameter.attribute: "parameter" for parameter in analysis.flow.parameters})
    if dataflow.unknown:
        return
    for step in analysis.flow.steps:
        for write in dataflow.steps[step.name].effects.writes:
            if not write.in_place or write.name not in kinds:
                continue
            later = next(
                (
                    later
                    for later in steps_after(analysis, step.name)
                    if write.name in dataflow.steps[later].effects.mentions
                ),
                None,
            )
            if later is not None:
                what = (
                    f"the change to `self.{write.name}` is lost after step `{step.name}`, but step `{later}` reads it"
                )
                why = f"a {kinds[write.name]} is saved once, when the run starts"
                how = "make it an artifact: assign a copy to a different name, and change the copy"
                yield Diagnostic("FLOW411", what, write.place.span, why, how, WARNING)


def steps_after(analysis: Analysis, step: str) -> list[str]:
    """Yields the steps after the step, nearest first."""
    of = analysis.flow.by_name
    names: list[str] = []
    waiting = [target for target in targets(of[step]) if target in of]
    while waiting:
        current = waiting.pop(0)
        if current not in names and current != step:
            names.append(current)
            waiting += [target for target in targets(of[current]) if target in of]
    return names
