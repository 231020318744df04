"""Asks each decorator's own file what is wrong with its values: FLOW121, FLOW122, and codes of its own."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.diagnostics import Diagnostic
from flowc.compiler.reading import Reading


def check(reading: Reading) -> Iterator[Diagnostic]:
    flow = reading.flow
    for owner, decorators in ((flow, flow.decorators), *((step, step.decorators) for step in flow.steps)):
        for decorator in decorators:
            known = specification(decorator.name)
            if known is not None:
                yield from known.check(decorator, owner)
