"""Applies the comments in the sources and the project's settings to diagnostics."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .diagnostics import Diagnostic


def judged(
    diagnostics: list[Diagnostic], sources: Mapping[str, str], severities: Mapping[str, str], complete: bool = True
) -> list[Diagnostic]:
    """Returns the diagnostics with the given severities, without silenced ones.

    Modules that are rarely needed are imported on demand. `complete`: these are all diagnostics of the compiler, so
    comments that silence nothing are reported (FLOW005).
    """
    if any("flowc:" in text for text in sources.values()):
        from .ignores import silenced

        diagnostics = silenced(diagnostics, sources, complete)
    if severities:
        from .severities import with_severities

        diagnostics = with_severities(diagnostics, severities)
    return diagnostics
