"""FLOW424: a switch without a case for its value.

A switch raises RuntimeError if the value of its artifact is none of its cases.

Example:

    @step
    def start(self):
        self.size = "little"
        self.next({"small": self.one, "large": self.many}, condition="size")

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
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step, values in switch_values(analysis):
        assert isinstance(step.transition, nodes.Switch)
        cases = [case.value for case in step.transition.cases]
        lacking = [value for value in values if not any(value == case for case in cases)]
        if not lacking:
            continue
        here = dataflow.steps[step.name]
        fails = len(lacking) == len(values) and here.in_every_run and not here.catches
        shown = " or ".join(f"`{value!r}`" for value in lacking[:3])
        what = (
            f"the switch of step `{step.name}` has no case for {shown}, which `self.{step.transition.on}` "
            f"{'is' if fails else 'may be'}"
        )
        close = (
            nearest(str(lacking[0]), [case for case in cases if isinstance(case, str)])
            if isinstance(lacking[0], str)
            else None
        )
        how = f"did you mean {close!r}?" if close else "add a case for it"
        yield Diagnostic(
            "FLOW424",
            what,
            step.transition.span,
            "a value without a case fails the run",
            how,
            ERROR if fails else WARNING,
        )
