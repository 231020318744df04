"""FLOW410: an assignment to a parameter, a constant or a property.

Parameters and constants of the class are the same in every step. Assigning to one raises AttributeError, and so does
assigning to a property without a setter.

Example:

    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.alpha = min(self.alpha, 1)
        self.next(self.end)

Use instead:

    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.learning_rate = min(self.alpha, 1)
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.assigned import Dataflow
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    kinds = {**{constant.name: "a constant of the class" for constant in analysis.flow.constants}}
    kinds.update({parameter.attribute: "a parameter" for parameter in analysis.flow.parameters})
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if dataflow.unknown:
            return
        for write in here.effects.writes:
            if write.guarded or write.in_place:
                continue
            kind = kinds.get(write.name) or _property(dataflow, write.name)
            if kind:
                what = f"`self.{write.name}` is {kind}, which cannot be assigned"
                why = (
                    "it is the same in every step"
                    if kind != "a property"
                    else "it is computed on each read and has no setter"
                )
                fails = write.certain and here.in_every_run and not here.catches
                how = "assign to an artifact with a different name"
                yield Diagnostic("FLOW410", what, write.place.span, why, how, ERROR if fails else WARNING)


def _property(dataflow: Dataflow, name: str) -> str:
    method = dataflow.functions.method(name)
    return "a property" if method is not None and method[1] == ("property",) else ""
