"""FLOW412 (warning): a function that is assigned to an artifact and read in a later step.

A run does not save functions, methods or lambdas. They are dropped silently, and reading them in the next step raises
AttributeError.

Example:

    @step
    def start(self):
        self.scale = lambda x: x * 2
        self.next(self.end)

    @step
    def end(self):
        print(self.scale(3))

Use instead:

    def scale(self, x):
        return x * 2

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.scale(3))
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.assigned import Dataflow
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    if dataflow.unknown:
        return
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        for name, held in here.effects.definitions.items():
            lost = [definition for definition in held if definition is not None and dataflow.is_function(definition)]
            if not lost or here.foreign:
                continue
            later = next((later for later in _after(analysis, step.name) if _looks_for(dataflow, later, name)), None)
            if later is None:
                continue
            for read in lost:
                what = f"`self.{name}` holds a function, which is not saved, but step `{later}` reads it"
                how = "call a method of the flow or a function of the module instead"
                yield Diagnostic(
                    "FLOW412",
                    what,
                    read.span,
                    "a run saves values, not code: reading it raises AttributeError",
                    how,
                    WARNING,
                )


def _looks_for(dataflow: Dataflow, step: str, name: str) -> bool:
    return any(
        read.name == name and not read.guarded and not read.assigned for read in dataflow.steps[step].effects.reads
    )


def _after(analysis: Analysis, step: str) -> list[str]:
    """Yields the steps after the step, up to those that assign the artifact again."""
    of = analysis.flow.by_name
    names: list[str] = []
    waiting = [target for target in targets(of[step]) if target in of]
    while waiting:
        current = waiting.pop(0)
        if current not in names and current != step:
            names.append(current)
            waiting += [target for target in targets(of[current]) if target in of]
    return names
