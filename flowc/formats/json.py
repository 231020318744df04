"""Diagnostics for a program: one JSON object, described in docs/output.md."""

from __future__ import annotations

import json

from flowc.compiler.report.diagnostics import ERROR, HINT, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = 1  # changes only when a field is removed or changes its meaning


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], colour: bool) -> str:
    counts = {
        f"{severity}s": sum(diagnostic.severity == severity for diagnostic in diagnostics)
        for severity in (ERROR, WARNING, HINT)
    }
    return (
        json.dumps(
            {"version": VERSION, "diagnostics": [_plain(diagnostic) for diagnostic in diagnostics], **counts}, indent=2
        )
        + "\n"
    )


def _plain(diagnostic: Diagnostic) -> dict[str, object]:
    at = diagnostic.span
    place = {
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
        "end_line": at.end_line if at else None,
        "end_column": at.end_column if at else None,
    }
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "what": diagnostic.what,
        "why": diagnostic.why,
        "how": diagnostic.how,
        **place,
    }
