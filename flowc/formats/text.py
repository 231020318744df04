"""Each diagnostic with its source line, the reason and the remedy, and a summary."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import Diagnostic, full, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], colour: bool) -> str:
    if not diagnostics:
        return ""
    shown = "".join(full(diagnostic, sources, colour) + "\n\n" for diagnostic in diagnostics)
    return f"{shown}{summary(diagnostics)}; for details, run `flowc explain {diagnostics[0].code}`\n"
