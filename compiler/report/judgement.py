"""What is left of diagnostics when comments in the sources and the project's settings have had their say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .diagnostics import Diagnostic


def judged(
    found: list[Diagnostic], sources: Mapping[str, str], severities: Mapping[str, str], complete: bool = True
) -> list[Diagnostic]:
    """Returns the diagnostics as serious as `severities` says, less what is silenced. What is rarely needed is rarely imported.

    `complete`: they are all that the compiler has to say, so that comments that silence nothing are spoken of (FLOW005).
    """
    if any("flowc:" in text for text in sources.values()):
        from .ignores import silenced

        found = silenced(found, sources, complete)
    if severities:
        from .severities import with_severities

        found = with_severities(found, severities)
    return found
