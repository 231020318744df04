"""FLOW430 (hint): an artifact that nothing reads before a join drops it.

Each task that assigns the artifact saves it, but no step reads it, and after the join it is gone. A local variable
would cost nothing. Since somebody may read the artifact from outside the flow, this hint is off unless
`severity = { FLOW430 = "hint" }` is set below `[tool.flowc]`.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.doubled = self.input * 2
        self.result = self.input + 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.result = self.input * 2 + 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.assigned import loaded_by
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import HINT, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    if (
        not dataflow.sound
        or dataflow.unknown
        or any(step.effects.unknown_reads or step.foreign for step in dataflow.steps.values())
    ):
        return
    read = {
        name
        for step in dataflow.steps.values()
        for name in (*step.effects.mentions, *(one.name for one in step.effects.inputs))
    }
    read |= {
        name
        for step in dataflow.steps.values()
        for merge in step.effects.merges
        for name in (*(merge.include or ()), *(merge.exclude or ()))
    }
    read |= {name for step in analysis.flow.steps for name in _chosen(step)}
    read |= {name for step in analysis.flow.steps for decorator in step.decorators for name in loaded_by(decorator)}
    left = dataflow.steps[analysis.flow.end].after.may
    for step in analysis.flow.steps:
        for write in dataflow.steps[step.name].effects.writes:
            name = write.name
            if name not in dataflow.steps[step.name].after.may:
                continue  # deleted, or a function: not saved
            if write.in_place or name in read or name in left or name in dataflow.fixed or name.startswith("_"):
                continue
            read.add(name)
            what = f"nothing reads `self.{name}`, which is gone after the next join"
            why = "each task saves it nevertheless"
            yield Diagnostic(
                "FLOW430",
                what,
                write.place.span,
                why,
                "use a local variable, unless something outside the flow reads it",
                HINT,
            )


def _chosen(step: nodes.Step) -> tuple[str, ...]:
    """Returns the name of the artifact that the transition reads."""
    match step.transition:
        case nodes.Foreach(over=over):
            return (over,) if over is not None else ()
        case nodes.Switch(on=on):
            return (on,)
    return ()
