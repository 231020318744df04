"""The severity of each code: its default, unless the project's settings override it."""

from __future__ import annotations

from ..fast_start.record import replace
from .diagnostics import ERROR, HINT, WARNING, Diagnostic
from .ignores import is_uncertain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IGNORED = "ignore"
CHOICES = (ERROR, WARNING, HINT, IGNORED)


def with_severities(diagnostics: Iterable[Diagnostic], severities: Mapping[str, str]) -> list[Diagnostic]:
    """Returns the diagnostics with the severities of `severities` (code → one of CHOICES), without the ignored ones.

    An error stays an error unless a run may work nevertheless (`is_uncertain`).
    """
    remaining = list(diagnostics)
    if not severities:
        return remaining
    judged = [(diagnostic, severities.get(diagnostic.code, diagnostic.severity)) for diagnostic in remaining]
    judged = [
        (diagnostic, ERROR if diagnostic.severity == ERROR and not is_uncertain(diagnostic.code) else severity)
        for diagnostic, severity in judged
    ]
    return [
        diagnostic if severity == diagnostic.severity else replace(diagnostic, severity=severity)
        for diagnostic, severity in judged
        if severity != IGNORED
    ]
