"""What a command prints: results on standard output; problems, in colour where a person looks at them, on standard error."""

from __future__ import annotations

import sys

from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from flowc.compiler.report.diagnostics import Diagnostic

    from .options import Usage


class Failure(Exception):
    """A command that could not do its work, for a reason that its user can mend; the text says which."""


class Output:
    """Where a command writes.

    `program` is what the user typed to start flowc: `flowc`, or `python wine.py`. `format` is how diagnostics are written (`formats/`).
    """

    def __init__(self, program: str = "flowc") -> None:
        self.program = program
        self.format = "text"

    @property
    def for_a_program(self) -> bool:
        """Whether the diagnostics are the result, and so all that standard output holds."""
        return self.format not in ("text", "concise")

    def print(self, text: str) -> None:
        """One or more lines on standard output, whatever its encoding."""
        _write(sys.stdout, text + "\n")

    def print_error(self, text: str) -> None:
        _write(sys.stderr, text + "\n")

    def verbatim(self, data: bytes) -> None:
        """Bytes on standard output, the same ones on every machine."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def printed_by_task(self, data: bytes) -> None:
        """What a task printed: the same bytes, but on a terminal without what could rewrite it."""
        if sys.stdout.isatty():
            _write(sys.stdout, harmless(data.decode("utf-8", "backslashreplace")))
        else:
            self.verbatim(data)

    def error(self, message: str) -> None:
        """A problem that has no place in a source: one line, or several that are part of the message."""
        self.print_error(f"{paint('1;31', 'error', sys.stderr)}: {lines(message)}")

    def warning(self, message: str) -> None:
        self.print_error(f"{paint('1;33', 'warning', sys.stderr)}: {lines(message)}")

    def usage(self, command: str, error: Usage) -> None:
        """A command line that could not be understood, and where to read how it is written."""
        if not error.message:
            return
        name = f"{self.program} {command}".strip()
        hint = f"; {error.hint}" if error.hint else ""
        self.error(f"{error.message}{hint}")
        self.print_error(f"see `{name} --help`")

    def report(self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> None:
        """Writes the diagnostics in the chosen format: for people on standard error, for a program on standard output."""
        found = tuple(diagnostics)
        if not found and not self.for_a_program:
            return
        from .formats import renderer

        stream = sys.stdout if self.for_a_program else sys.stderr
        _write(stream, renderer(self.format)(found, sources, coloured(stream)))


def coloured(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal that has them or where FORCE_COLOR asks for them, unless the user said NO_COLOR (no-color.org)."""
    import os

    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (environment.get("TERM") != "dumb" and stream.isatty())


def paint(code: str, text: str, stream: TextIO) -> str:
    """The text in a colour (an SGR code), where the stream shows colours."""
    return f"\x1b[{code}m{text}\x1b[0m" if coloured(stream) else text


def lines(text: str) -> str:
    """The text with control characters other than newlines shown as escapes."""
    return "\n".join(printable(line) for line in text.split("\n"))


def harmless(text: str) -> str:
    r"""The text as a terminal may show it: with control characters as escapes, except for tabs, ends of lines and colours, which end with it.

    >>> harmless("\x1b[31mred\tand \x1b]0;title\a\r\n")
    '\x1b[31mred\tand \\x1b]0;title\\x07\r\n\x1b[0m'
    """
    import re

    unsafe = r"(\x1b\[[0-9;:]*m|\r\n)|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"  # the last but one turn text round
    shown = re.sub(unsafe, lambda found: found[1] or found[0].encode("unicode_escape").decode(), text)
    return f"{shown}\x1b[0m" if "\x1b[" in shown else shown


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
