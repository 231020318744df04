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
    return "".join(_annotation(each) + "\n" for each in diagnostics)


def _annotation(one: Diagnostic) -> str:
    at = one.span
    properties = {"title": f"flowc {one.code}"}
    if at is not None:
        place = {"file": at.file, "line": at.line, "col": at.column, "endLine": at.end_line, "endColumn": at.end_column}
        properties = {**{name: str(value) for name, value in place.items()}, **properties}
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    parts = [one.what, *([f"why: {one.why}"] if one.why else []), *([f"help: {one.how}"] if one.how else [])]
    message = "%0A".join(_value(printable(part)) for part in parts)
    return f"::{_COMMANDS[one.severity]} {given}::{message}"


def _value(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _value(text).replace(":", "%3A").replace(",", "%2C")
