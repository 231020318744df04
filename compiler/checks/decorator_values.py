"""Checks the values of decorators, each by the rules in its own file: FLOW121, FLOW122, and codes of its own."""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.decorators.decorator import wrong_values
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    yield from wrong_values(analysis.flow)
