"""FLOW114: a decorator that is given twice.

Two `@retry` on a step contradict each other. A task runs in one place, so `@kubernetes` and `@batch` do too. Some
decorators, such as `@card`, may be given several times.

Example:

    @retry(times=1)
    @retry(times=2)
    @step
    def start(self):
        self.next(self.end)

Use instead:

    @retry(times=2)
    @step
    def start(self):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.decorators.decorator import is_asked_for, specification
from flowc.compiler.ir.nodes import Decorator, Flow, Step
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    flow = analysis.flow
    owners: list[Flow | Step] = [flow, *flow.steps]
    for owner in owners:
        decorators = owner.decorators
        seen: dict[str, Decorator] = {}
        for decorator in decorators:
            spec = specification(decorator.name)
            if decorator.name in seen and not (spec is not None and spec.multiple):
                what = f"`@{decorator.name}` is given twice"
                yield Diagnostic(
                    "FLOW114",
                    what,
                    decorator.span,
                    f"the two contradict each other; the first is at line {seen[decorator.name].span.line}",
                    "keep one of them",
                )
            seen[decorator.name] = decorator
        if "kubernetes" in seen and "batch" in seen:
            if any(is_asked_for(seen[name], owner, flow) for name in ("kubernetes", "batch")):
                continue  # a plug-in asks pods and jobs alike
            what = "`@kubernetes` and `@batch` are on the same step"
            yield Diagnostic("FLOW114", what, seen["batch"].span, "a task runs in one place", "keep one of them")
