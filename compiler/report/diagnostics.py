"""Diagnostics: the faults of a flow, with place, reason and remedy.

`Diagnostic` is plain data made by checks, names, folding and targets. This module also orders them and renders them
as text. A code never changes its meaning: FLOW0xx reading and syntax, FLOW1xx names, values and decorators, FLOW2xx
the graph, FLOW3xx parameters, FLOW4xx artifacts, FLOW5xx the limits of a target, FLOW6xx options of the compile.
"""

from __future__ import annotations

from ..fast_start.record import record, replace
from ..ir.nodes import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ERROR = "error"
WARNING = "warning"
HINT = "hint"

_COLOURS = {ERROR: "31", WARNING: "33", HINT: "36"}


@record
class Diagnostic:
    """A finding. `what`, `why` and `how` are one sentence each, without a full stop.

    A test checks that none is empty.
    """

    code: str  # "FLOW210"
    what: str  # the fault, with its subject in backquotes
    span: Span | None  # None only if no source is involved
    why: str = ""
    how: str = ""  # what to write instead
    # or WARNING: the flow compiles, but may not do what is meant; or HINT: it works, but could be better
    severity: str = ERROR


class Refused(Exception):
    """Raised for a flow that cannot be compiled.

    `diagnostics` holds every error found, at least one, and the warnings. `sources` maps each file that a span may
    point into to its text.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str] | None = None) -> None:
        self.diagnostics = in_order(diagnostics)
        self.sources: Mapping[str, str] = sources or {}
        super().__init__("\n".join(concise(diagnostic) for diagnostic in self.diagnostics))


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Returns the diagnostics without repeats, by file, place and code."""

    def place(one: Diagnostic) -> tuple[str, int, int, str, str, str, str]:
        at = one.span
        return (*((at.file, at.line, at.column) if at else ("", 0, 0)), one.code, one.what, one.why, one.how)

    return tuple(sorted(set(diagnostics), key=place))


def located(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], place: Callable[[str], str]
) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    """Returns the diagnostics and the sources with the path that `place` gives each file."""
    moved = tuple(
        replace(diagnostic, span=replace(diagnostic.span, file=place(diagnostic.span.file)))
        if diagnostic.span is not None
        else diagnostic
        for diagnostic in diagnostics
    )
    return moved, {place(file): text for file, text in sources.items()}


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity == ERROR for diagnostic in diagnostics)


def without_hints(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Returns the diagnostics to show if the user did not ask for a check."""
    return tuple(diagnostic for diagnostic in diagnostics if diagnostic.severity != HINT)


def concise(diagnostic: Diagnostic) -> str:
    """Returns one line: `flow.py:3:40 FLOW210 what; how`."""
    at = diagnostic.span
    place = f"{printable(at.file)}:{at.line}:{at.column} " if at else ""
    how = f"; {diagnostic.how}" if diagnostic.how else ""
    return printable(f"{place}{diagnostic.code} {diagnostic.what}{how}")


def full(diagnostic: Diagnostic, sources: Mapping[str, str], colour: bool = False) -> str:
    """Returns the diagnostic with its source line and carets under the place.

    `sources` maps `Span.file` to that file's text.
    """

    def paint(code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    accent = "1;" + _COLOURS[diagnostic.severity]
    lines = [f"{paint(accent, f'{diagnostic.severity}[{diagnostic.code}]')}: {paint('1', printable(diagnostic.what))}"]
    at = diagnostic.span
    if at is not None:
        number = str(at.line)
        margin = " " * len(number)
        bar = paint("34", "|")
        lines.append(f"{margin}{paint('34', '-->')} {printable(at.file)}:{at.line}:{at.column}")
        text = _line(sources.get(at.file, ""), at.line)
        if text is not None:
            start, width, text = _window(text, at)
            lines += [
                f"{margin} {bar}",
                f"{paint('34', number)} {bar} {text}",
                f"{margin} {bar} {' ' * start}{paint(accent, '^' * max(1, width))}",
            ]
        indent = margin + " "
    else:
        indent = "  "
    for label, sentence in (("why", diagnostic.why), ("help", diagnostic.how)):
        if sentence:
            lines.append(f"{indent}{paint('34', '=')} {paint('1', label)}: {printable(sentence)}")
    return "\n".join(lines)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Returns `2 errors, 1 warning`, or "" if there is nothing to count."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    counts = [(severities.count(severity), severity) for severity in (ERROR, WARNING, HINT)]
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count)


def nearest(word: str, candidates: Iterable[str], likeness: float = 0.6) -> str | None:
    """Returns the candidate that `word` was probably meant to be, or None if none is similar enough (1: equal)."""
    import difflib  # takes 10 ms, so imported only to explain a mistake

    matches = difflib.get_close_matches(word, sorted(candidates), n=1, cutoff=likeness)
    return matches[0] if matches else None


def printable(text: str) -> str:
    """Returns the text with control characters, which could rewrite a terminal, as escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _line(text: str, number: int) -> str | None:
    lines = text.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else None


def _window(text: str, at: Span, width: int = 120) -> tuple[int, int, str]:
    """Cuts a long line around the place to keep it readable. Returns (column of the caret, number of carets, text)."""
    start = min(at.column - 1, len(text))
    end = min(at.end_column - 1, len(text)) if at.end_line == at.line else len(text)
    first = max(0, start - width // 2) if len(text) > width else 0
    shown = text[first : first + width]
    before = printable(text[first:start].replace("\t", "    "))
    marked = printable(text[start : min(end, first + width)].replace("\t", "    "))
    return len(before), len(marked.rstrip()), printable(shown.replace("\t", "    ").rstrip("\r"))
