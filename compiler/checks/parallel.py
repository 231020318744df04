"""FLOW214: `num_parallel` without `@parallel`, or the other way round.

The tasks of a `@parallel` step run at the same time and know each other. Only `num_parallel` starts them, and it can
lead only to such a step. The step after it must be a join, which waits for all of them.

Example:

    @step
    def start(self):
        self.next(self.work, num_parallel=4)

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.work, num_parallel=4)

    @parallel
    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.runtime_shim.contract.decorator_names import GANGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    steps = analysis.flow.by_name
    marked = {
        step.name: decorator.name
        for step in analysis.flow.steps
        for decorator in reversed(step.decorators)
        if decorator.name in GANGS
    }
    for step in analysis.flow.steps:
        transition = step.transition
        for target in targets(step):
            if target not in steps or isinstance(transition, nodes.End):
                continue
            # @torchrun marks a parallel step too
            if (
                isinstance(transition, nodes.Parallel)
                and target not in marked
                and not analysis.facts[target].is_extended
            ):
                yield Diagnostic(
                    "FLOW214",
                    f"step `{target}` is reached by `num_parallel` but has no `@parallel`",
                    transition.span,
                    why="without `@parallel`, its tasks do not know each other",
                    how=f"mark `{target}` with `@parallel`",
                )
            if not isinstance(transition, nodes.Parallel) and target in marked:
                what = f"step `{target}` has `@{marked[target]}` but is not reached by `num_parallel`"
                yield Diagnostic(
                    "FLOW214",
                    what,
                    transition.span,
                    why="only `num_parallel` starts the tasks that run beside it",
                    how=f"write `self.next(self.{target}, num_parallel=N)`",
                )
        if (
            step.name in marked
            and not step.is_join
            and not (
                isinstance(transition, nodes.Linear) and transition.target in steps and steps[transition.target].is_join
            )
        ):
            yield Diagnostic(
                "FLOW214",
                f"step `{step.name}` has `@{marked[step.name]}` but is not followed by a join",
                step.span,
                why="its tasks run together, and a join must wait for all of them",
                how="continue with a step that takes `inputs`",
            )
