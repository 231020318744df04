"""Formats of diagnostics: one module per format, each with `def render(diagnostics, sources, colour) -> str`.

`diagnostics` are sorted and distinct. `sources` maps `Span.file` to that file's text. Formats for people go to standard
error, beside the result on standard output. For a program, the diagnostics are the result: `json`, `github` and `sarif`
go to standard output, alone, and are a complete document even without diagnostics.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from flowc.compiler.report.diagnostics import Diagnostic

    class Render(Protocol):
        def __call__(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], colour: bool) -> str: ...


FOR_PEOPLE = ("text", "concise")
FOR_PROGRAMS = ("json", "github", "sarif")


def renderer(name: str) -> Render:
    """Returns the format's `render`. Imports only that format's module."""
    from importlib import import_module

    render: Render = import_module(f"{__name__}.{name}").render
    return render
