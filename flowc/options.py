"""Options of the command line: their declarations, and the parser that reads them.

It does less than `argparse` and imports much faster: long options with a value (`--name VALUE`, `--name=VALUE`) or
without, short forms (`-o VALUE`, `-oVALUE`), options and positional arguments in any order, and `--` before positional
arguments that begin with a dash.

    >>> options = (Option("--seed", "…", "N"), Option("--output", "…", "DIR", short="-o"))
    >>> arguments = parse(["flow.py", "--seed=-1", "-o", "out"], options)
    >>> arguments.positional, arguments.text("--seed"), arguments.text("--output")
    (('flow.py',), '-1', 'out')
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Usage(Exception):
    """An invalid command line. `args` are the message and a hint, or ""."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint


@record
class Option:
    """One option that a command parses."""

    name: str  # "--output"
    help: str
    value: str = ""  # the name of its value in help, such as "DIR"; several words for as many values, "" for none
    short: str = ""  # "-o"
    default: str = ""  # for help; the command itself applies it
    choices: tuple[str, ...] = ()  # empty: any text
    repeated: bool = False  # every value counts, not only the last
    may_be_empty: bool = False
    is_open: bool = False  # without a value in `value`, one may be attached: `--flag=True`; of two or more, `=[1, 2]`


@record
class Arguments:
    """A parsed command line."""

    positional: tuple[str, ...]
    given: dict[str, tuple[str, ...]]  # by the option's long name, in the order given
    project: tuple[str, Any] | None = None  # a flow's file, and the `Settings` that gave options, if they are read

    def flag(self, name: str) -> bool:
        return name in self.given

    def text(self, name: str, default: str = "") -> str:
        """Returns the last value of the option, or `default`."""
        return self.given[name][-1] if name in self.given else default

    def all(self, name: str) -> tuple[str, ...]:
        return self.given.get(name, ())

    def integer(self, name: str, default: int, least: int = 1) -> int:
        """Returns the last value as a whole number, or `default`. Raises Usage unless it is a number from `least`."""
        text = self.text(name)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise Usage(f"`{name}` must be a whole number of at least {least}, not `{text}`")
        return number


def parse(argv: Sequence[str], options: Sequence[Option]) -> Arguments:
    """Returns the parsed arguments. Raises Usage for an unknown option, a missing value or an invalid choice."""
    by_name = {name: option for option in options for name in (option.name, option.short) if name}
    positional: list[str] = []
    values_of: dict[str, list[str]] = {}
    at = 0
    while at < len(argv):
        word = argv[at]
        at += 1
        if word == "--":
            positional += argv[at:]
            break
        if not looks_like_option(word):
            positional.append(word)
            continue
        name, attached = split(word)
        option = by_name.get(name)
        if option is None:
            raise unknown(name, by_name)
        if option.is_open and attached is not None and (not option.value or attached.startswith("[")):
            value = attached
        elif not option.value:
            if attached is not None:
                raise Usage(f"`{option.name}` takes no value")
            value = ""
        elif " " in option.value:  # several words: kept as one text, with NULs between them
            count = option.value.count(" ") + 1
            words = [*([attached] if attached is not None else []), *argv[at : at + count]][:count]
            if len(words) < count or not words[0] or looks_like_option(words[0]):
                number = {2: "two"}.get(count, str(count))
                raise Usage(f"`{option.name}` needs {number} values: {option.name} {option.value}")
            at += count - (attached is not None)
            value = "\0".join(words)
        elif attached is not None:
            value = attached
        elif at < len(argv) and not looks_like_option(argv[at]):
            value = argv[at]
            at += 1
        else:
            hint = f"if `{argv[at]}` is the value, write `{option.name}={argv[at]}`" if at < len(argv) else ""
            raise Usage(f"`{option.name}` needs a value: {option.name} {option.value}", hint)
        _accept(option, value)
        values_of.setdefault(option.name, []).append(value)
    return Arguments(tuple(positional), {name: tuple(values) for name, values in values_of.items()})


def one_positional(arguments: Arguments, what: str) -> str:
    """Returns the only positional argument, called `what` in messages. Raises Usage if there are none or several."""
    if not arguments.positional:
        raise Usage(f"{what} is missing")
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`: {what} is `{arguments.positional[0]}`")
    return arguments.positional[0]


def looks_like_option(word: str) -> bool:
    """Returns True if a word is an option: it begins with a dash, and is neither a single dash nor a number."""
    return len(word) > 1 and word[0] == "-" and not (word[1].isdigit() or (word[1] == "." and word[2:3].isdigit()))


def split(word: str) -> tuple[str, str | None]:
    """Splits an option from an attached value: `--name=VALUE`, `-oVALUE`, `-o=VALUE`."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:].removeprefix("=") if len(word) > 2 else None


def unknown(name: str, names: Sequence[str] | dict[str, Option]) -> Usage:
    """Returns the error for an unknown option, with the closest known one as the hint."""
    from flowc.compiler.report.diagnostics import nearest

    close = nearest(name, [option for option in names if option.startswith("--")])
    return Usage(f"unknown option `{name}`", f"did you mean `{close}`?" if close else "")


def _accept(option: Option, value: str) -> None:
    if option.value and not value and not option.may_be_empty:
        raise Usage(f"the value of `{option.name}` is empty")
    if option.choices and value not in option.choices:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(value, option.choices)
        choices = ", ".join(f"`{choice}`" for choice in option.choices)
        hint = f"did you mean `{close}`?" if close else f"it must be one of {choices}"
        raise Usage(f"invalid value `{value}` of `{option.name}`", hint)
