"""FLOW211: a split that names a step twice: both branches would be one task."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler import ir
from flowc.compiler.diagnostics import Diagnostic
from flowc.compiler.reading import Reading


def check(reading: Reading) -> Iterator[Diagnostic]:
    for step in reading.flow.steps:
        if isinstance(step.transition, ir.Split):
            names = step.transition.targets
            for name in sorted({name for name in names if names.count(name) > 1}):
                how = "name each step once; for several tasks of one step use `foreach`"
                yield Diagnostic(
                    "FLOW211",
                    f"step `{step.name}` splits to `{name}` twice",
                    step.transition.span,
                    why="a branch is known by the name of its step",
                    how=how,
                )
