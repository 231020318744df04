"""One line per diagnostic, `FILE:LINE:COLUMN CODE TEXT`, and a summary."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import Diagnostic, concise, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], colour: bool) -> str:
    return "".join(concise(diagnostic) + "\n" for diagnostic in diagnostics) + (
        summary(diagnostics) + "\n" if diagnostics else ""
    )
