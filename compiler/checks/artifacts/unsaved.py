"""FLOW413 (warning): an artifact that cannot be saved.

The value of `self.NAME` at the end of the step is pickled. An open file, a lock, a database connection or a generator
cannot be pickled, so the step fails after its work is done. Keep a value that only the step needs in a local
variable.

Example:

    @step
    def start(self):
        self.log = open("log.txt", "w")
        self.log.write("begun")
        self.next(self.end)

Use instead:

    @step
    def start(self):
        with open("log.txt", "w") as log:
            log.write("begun")
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.fold import value_kinds
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    evaluator = dataflow.functions.evaluator
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        over = step.transition.over if isinstance(step.transition, nodes.Foreach) else None
        for name, held in here.effects.definitions.items():
            if name.startswith("__") or name in dataflow.fixed:
                continue
            for definition in held:
                kind = value_kinds.unsaved(evaluator.resolver, definition)
                if definition is None or not kind or (name == over and kind == value_kinds.GENERATOR):
                    continue
                what = f"`self.{name}` holds {kind} at the end of step `{step.name}`, which cannot be saved"
                how = (
                    "use a local variable"
                    if kind not in (value_kinds.GENERATOR, value_kinds.VIEW)
                    else f"write `self.{name} = list(…)`"
                )
                yield Diagnostic(
                    "FLOW413",
                    what,
                    definition.span,
                    "artifacts are pickled, so the step would fail after its work is done",
                    how,
                    WARNING,
                )
