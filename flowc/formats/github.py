"""Annotations of GitHub Actions: workflow commands, one line each.

Source: GitHub's documentation, "Workflow commands", error, warning, notice. Values escape `%`, carriage returns and
newlines; properties also escape `:` and `,`. So no text can end a command or begin a second one.
"""

from __future__ import annotations

from flowc.compiler.report.diagnostics import ERROR, HINT, WARNING, Diagnostic, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMMANDS = {ERROR: "error", WARNING: "warning", HINT: "notice"}


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], colour: bool) -> str:
    return "".join(_annotation(diagnostic) + "\n" for diagnostic in diagnostics)


def _annotation(diagnostic: Diagnostic) -> str:
    at = diagnostic.span
    properties = {"title": f"flowc {diagnostic.code}"}
    if at is not None:
        place = {"file": at.file, "line": at.line, "col": at.column, "endLine": at.end_line, "endColumn": at.end_column}
        properties = {**{name: str(value) for name, value in place.items()}, **properties}
    properties_text = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    parts = [
        diagnostic.what,
        *([f"why: {diagnostic.why}"] if diagnostic.why else []),
        *([f"help: {diagnostic.how}"] if diagnostic.how else []),
    ]
    message = "%0A".join(_value(printable(part)) for part in parts)
    return f"::{_COMMANDS[diagnostic.severity]} {properties_text}::{message}"


def _value(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _value(text).replace(":", "%3A").replace(",", "%2C")
