"""The output of a command: results on standard output; problems on standard error, coloured on a terminal."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from flowc.compiler.report.diagnostics import Diagnostic

    from .options import Usage


class Failure(Exception):
    """An error that the user can resolve. Its text says what is wrong."""


class Output:
    """The output streams of a command.

    `program` holds the words that started flowc: `flowc`, or `python wine.py`. `format` is the format of diagnostics
    (`formats/`).
    """

    def __init__(self, program: str = "flowc") -> None:
        self.program = program
        self.format = "text"

    @property
    def for_a_program(self) -> bool:
        """True if the diagnostics are the result, so that standard output must hold nothing else."""
        return self.format not in ("text", "concise")

    def print(self, text: str) -> None:
        """Prints one or more lines on standard output, whatever its encoding."""
        _write(sys.stdout, text + "\n")

    def print_error(self, text: str) -> None:
        _write(sys.stderr, text + "\n")

    def verbatim(self, data: bytes) -> None:
        """Writes bytes to standard output unchanged."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def printed_by_task(self, data: bytes) -> None:
        """Writes a task's output: unchanged, but on a terminal without sequences that could rewrite the screen."""
        if sys.stdout.isatty():
            _write(sys.stdout, harmless(data.decode("utf-8", "backslashreplace")))
        else:
            self.verbatim(data)

    def error(self, message: str) -> None:
        """Prints an error without a place in a source, in one or more lines."""
        self.print_error(f"{paint('1;31', 'error', sys.stderr)}: {lines(message)}")

    def warning(self, message: str) -> None:
        self.print_error(f"{paint('1;33', 'warning', sys.stderr)}: {lines(message)}")

    def usage(self, command: str, error: Usage) -> None:
        """Prints a usage error, and the command that prints help."""
        if not error.message:
            return
        name = f"{self.program} {command}".strip()
        hint = f"; {error.hint}" if error.hint else ""
        self.error(f"{error.message}{hint}")
        self.print_error(f"for help, run `{name} --help`")

    def report(self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> None:
        """Writes the diagnostics in the chosen format: to standard error for people, to standard output otherwise."""
        reported = tuple(diagnostics)
        if not reported and not self.for_a_program:
            return
        from .formats import renderer

        stream = sys.stdout if self.for_a_program else sys.stderr
        _write(stream, renderer(self.format)(reported, sources, coloured(stream)))


def coloured(stream: TextIO) -> bool:
    """Returns True if the stream should have colours: on a terminal or with FORCE_COLOR, but not with NO_COLOR."""
    import os

    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (environment.get("TERM") != "dumb" and stream.isatty())


def paint(code: str, text: str, stream: TextIO) -> str:
    """Returns the text in a colour (an SGR code) if the stream shows colours."""
    return f"\x1b[{code}m{text}\x1b[0m" if coloured(stream) else text


def lines(text: str) -> str:
    """Returns the text with control characters other than newlines as escapes."""
    from flowc.compiler.report.diagnostics import printable

    return "\n".join(printable(line) for line in text.split("\n"))


def harmless(text: str) -> str:
    r"""Returns the text made safe for a terminal: control characters as escapes, except tabs, line ends and colours.

    Colours are reset at the end.

    >>> harmless("\x1b[31mred\tand \x1b]0;title\a\r\n")
    '\x1b[31mred\tand \\x1b]0;title\\x07\r\n\x1b[0m'
    """
    import re

    # U+202A to U+202E and U+2066 to U+2069 change the direction of text
    unsafe = r"(\x1b\[[0-9;:]*m|\r\n)|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    shown = re.sub(unsafe, lambda match: match[1] or match[0].encode("unicode_escape").decode(), text)
    return f"{shown}\x1b[0m" if "\x1b[" in shown else shown


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
