"""FLOW425 (warning): a case of a switch that can never be taken.

All values that the step can assign to the artifact are known, and none of them is this case.

Example:

    @step
    def start(self):
        self.size = "small" if os.cpu_count() == 1 else "large"
        self.next({"small": self.one, "large": self.many, "huge": self.many}, condition="size")

    @step
    def one(self):
        self.next(self.end)

    @step
    def many(self):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.size = "small" if os.cpu_count() == 1 else "large"
        self.next({"small": self.one, "large": self.many}, condition="size")

    @step
    def one(self):
        self.next(self.end)

    @step
    def many(self):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.switch_values import switch_values
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step, values in switch_values(analysis):
        assert isinstance(step.transition, nodes.Switch)
        if len(values) < 2:
            continue  # the choice is not written yet, or the flow is a demonstration
        if not any(value == case.value for value in values for case in step.transition.cases):
            continue  # FLOW424
        for case in step.transition.cases:
            if not any(value == case.value for value in values):
                what = f"the case `{case.value!r}` of the switch of step `{step.name}` can never be taken"
                shown = ", ".join(f"`{value!r}`" for value in values[:4])
                why = f"`self.{step.transition.on}` is {'always' if len(values) == 1 else 'one of'} {shown}"
                yield Diagnostic("FLOW425", what, case.span, why, "remove the case, or correct its value", WARNING)
