"""Help texts, made from each command's declarations, so that they list exactly the options that it parses."""

from __future__ import annotations

import sys

from .commands import COMMANDS
from .terminal import Output, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .options import Option

_WIDTH = 96
_COLUMN = 26  # where the texts of options begin


def overview(out: Output) -> str:
    """Returns the help of `flowc` itself."""
    file_form = out.program != "flowc"
    usage = (
        f"{out.program} [--quiet] [--with DECORATOR] [COMMAND [OPTIONS]]" if file_form else "flowc COMMAND [OPTIONS]"
    )
    commands = {name: text for name, text in COMMANDS.items() if not (file_form and name == "validate")}
    parts = [
        f"flowc compiles Metaflow-style flows to {_products()}, and runs them here.",
        f"{_title('usage')} {usage}",
        "\n".join([_title("commands"), *(f"  {name:<{_COLUMN - 2}}{text}" for name, text in commands.items())]),
        "\n".join(
            [
                _title("options"),
                *_two_columns("  -h, --help", "print this"),
                *_two_columns("      --version", "print the version"),
            ]
        ),
        f"`{out.program} help COMMAND` prints more on one command.",
    ]
    return "\n\n".join(parts)


def _products() -> str:
    """Returns the full names of the engines that flowc compiles to."""
    from flowc.targets import target

    *several, last = (target.about(name).PRODUCT for name in target.names())
    return f"{', '.join(several)} and {last}" if several else last


def of_command(command: str, module: Any, argv: list[str], out: Output) -> str:
    """Returns the help of one command. If `argv` names a flow or targets, their own options are listed too."""
    usage = [_as_typed(line, out) for line in module.USAGE]
    head = _title("usage")
    parts = [
        f"{head} " + "\n       ".join(usage),
        _text(module.TEXT, out),
        _section("options", module.OPTIONS, add_help=True),
    ]
    if hasattr(module, "sections"):
        parts += [_section(title, options) for title, options in module.sections(argv) if options]
    if module.EXAMPLES:
        examples = [f"  {_as_typed(line, out)}\n      {text}" for line, text in module.EXAMPLES]
        parts.append("\n".join([_title("examples"), *examples]))
    return "\n\n".join(parts)


def _section(title: str, options: Iterable[Option], add_help: bool = False) -> str:
    lines = [_title(title)]
    for option in options:
        short = f"{option.short}, " if option.short else "    "
        text = option.help
        notes = []
        if option.choices:
            notes.append(", ".join(option.choices))
        if option.default:
            notes.append(f"default: {option.default}")
        lines += _two_columns(
            f"  {short}{option.name} {option.value}".rstrip(), f"{text} ({'; '.join(notes)})" if notes else text
        )
    if add_help:
        lines += _two_columns("  -h, --help", "print this")
    return "\n".join(lines)


def _two_columns(head: str, text: str) -> list[str]:
    parts = wrapped(text, _WIDTH - _COLUMN)
    if len(head) + 2 > _COLUMN:
        return [head, *(" " * _COLUMN + line for line in parts)]
    return [head.ljust(_COLUMN) + parts[0], *(" " * _COLUMN + line for line in parts[1:])]


def wrapped(text: str, width: int) -> list[str]:
    """Returns the text in lines of at most `width` characters."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _text(text: str, out: Output) -> str:
    """Returns the paragraphs of a text, wrapped."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(
        "\n".join(wrapped(_as_typed(paragraph.replace("\n", " "), out), _WIDTH)) for paragraph in paragraphs
    )


def _title(text: str) -> str:
    return paint("1", f"{text}:", sys.stdout)


def _as_typed(text: str, out: Output) -> str:
    """Returns `flowc run FLOW.py` in the form that the user typed, such as `python wine.py run`."""
    if out.program == "flowc":
        return text
    return (
        text.replace(" FLOW.py", "")
        .replace("flowc ", f"{out.program} ")
        .replace(f"{out.program} validate", "flowc validate")
    )
