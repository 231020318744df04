"""FLOW214: `num_parallel` and `@parallel` go together: one step, reached only so, followed by a join."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler import ir
from flowc.compiler.diagnostics import Diagnostic
from flowc.compiler.reading import Reading
from flowc.compiler.scopes import targets

NAMES = ("parallel", "pytorch_parallel")


def check(reading: Reading) -> Iterator[Diagnostic]:
    steps = {step.name: step for step in reading.flow.steps}
    marked = {step.name for step in reading.flow.steps if any(each.name in NAMES for each in step.decorators)}
    for step in reading.flow.steps:
        transition = step.transition
        for target in targets(step):
            if target not in steps or isinstance(transition, ir.End):
                continue
            if isinstance(transition, ir.Parallel) and target not in marked:
                yield Diagnostic(
                    "FLOW214",
                    f"step `{target}` is reached by `num_parallel` but has no `@parallel`",
                    transition.span,
                    why="only so marked does a step know of the tasks that run beside it",
                    how=f"mark `{target}` with `@parallel`",
                )
            if not isinstance(transition, ir.Parallel) and target in marked:
                what = f"step `{target}` has `@parallel` but is not reached by `num_parallel`"
                yield Diagnostic(
                    "FLOW214",
                    what,
                    transition.span,
                    why="there would be nothing that runs beside it",
                    how=f"write `self.next(self.{target}, num_parallel=N)`",
                )
        if step.name in marked and not (isinstance(transition, ir.Linear) and transition.target in steps and steps[transition.target].is_join):
            yield Diagnostic(
                "FLOW214",
                f"step `{step.name}` has `@parallel` but is not followed by a join",
                step.span,
                why="its tasks run together, and somebody has to wait for all of them",
                how="go on to a step that takes `inputs`",
            )
