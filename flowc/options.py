"""Options of the command line: what a command declares, and the parser that reads them.

Less than `argparse` and much quicker to import: long options with a value (`--name VALUE`, `--name=VALUE`) or without, short forms
(`-o VALUE`, `-oVALUE`), options and positional arguments in any order, `--` before positional arguments that begin with a dash.

    >>> given = parse(["flow.py", "--seed=-1", "-o", "out"], (Option("--seed", "…", "N"), Option("--output", "…", "DIR", short="-o")))
    >>> given.positional, given.text("--seed"), given.text("--output")
    (('flow.py',), '-1', 'out')
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Usage(Exception):
    """A command line that cannot be understood. `args` are the message and, if there is one, a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint


@record
class Option:
    """One option that a command parses."""

    name: str  # "--output"
    help: str
    value: str = (
        ""  # what help calls its value: "DIR"; empty for an option that takes none; two words for one that takes two
    )
    short: str = ""  # "-o"
    default: str = ""  # as help shows it; the command itself applies it
    choices: tuple[str, ...] = ()  # empty: any text
    repeated: bool = False  # every value counts, not only the last
    may_be_empty: bool = False


@record
class Arguments:
    """A parsed command line."""

    positional: tuple[str, ...]
    given: dict[str, tuple[str, ...]]  # by the option's long name, in the order given

    def flag(self, name: str) -> bool:
        return name in self.given

    def text(self, name: str, default: str = "") -> str:
        """The last value given."""
        return self.given[name][-1] if name in self.given else default

    def all(self, name: str) -> tuple[str, ...]:
        return self.given.get(name, ())

    def integer(self, name: str, default: int, least: int = 1) -> int:
        """The last value, as a whole number of at least `least`. Raises Usage for any other text."""
        text = self.text(name)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise Usage(f"`{name}` takes a whole number from {least}, not `{text}`")
        return number


def parse(argv: Sequence[str], options: Sequence[Option]) -> Arguments:
    """Returns the parsed arguments. Raises Usage for an unknown option, a missing value, or one that is not among the choices."""
    known = {name: option for option in options for name in (option.name, option.short) if name}
    positional: list[str] = []
    given: dict[str, list[str]] = {}
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
        option = known.get(name)
        if option is None:
            raise unknown(name, known)
        if not option.value:
            if attached is not None:
                raise Usage(f"`{option.name}` takes no value")
            value = ""
        elif " " in option.value:  # two words: kept as one text, with a NUL between them
            words = [*([attached] if attached is not None else []), *argv[at : at + 2]][:2]
            if len(words) < 2 or not words[0] or looks_like_option(words[0]):
                raise Usage(f"`{option.name}` needs two values: {option.name} {option.value}")
            at += 2 - (attached is not None)
            value = "\0".join(words)
        elif attached is not None:
            value = attached
        elif at < len(argv) and not looks_like_option(argv[at]):
            value = argv[at]
            at += 1
        else:
            hint = f"a value that begins with a dash is written `{option.name}={argv[at]}`" if at < len(argv) else ""
            raise Usage(f"`{option.name}` needs a value: {option.name} {option.value}", hint)
        _accept(option, value)
        given.setdefault(option.name, []).append(value)
    return Arguments(tuple(positional), {name: tuple(values) for name, values in given.items()})


def one_positional(arguments: Arguments, what: str) -> str:
    """Returns the only positional argument. Raises Usage when there is none or are several; `what` says what it is."""
    if not arguments.positional:
        raise Usage(f"{what} is missing")
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`: {what} is `{arguments.positional[0]}`")
    return arguments.positional[0]


def looks_like_option(word: str) -> bool:
    """Whether a word is an option rather than a value: it begins with a dash and is neither a dash alone nor a number."""
    return len(word) > 1 and word[0] == "-" and not (word[1].isdigit() or (word[1] == "." and word[2:3].isdigit()))


def split(word: str) -> tuple[str, str | None]:
    """Parts an option from a value that is attached to it: `--name=VALUE`, `-oVALUE`, `-o=VALUE`."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:].removeprefix("=") if len(word) > 2 else None


def unknown(name: str, known: Sequence[str] | dict[str, Option]) -> Usage:
    """The error for an option that does not exist, with what was probably meant."""
    from flowc.compiler.report.diagnostics import nearest

    close = nearest(name, [each for each in known if each.startswith("--")])
    return Usage(f"unknown option `{name}`", f"did you mean `{close}`?" if close else "")


def _accept(option: Option, value: str) -> None:
    if option.value and not value and not option.may_be_empty:
        raise Usage(f"the value of `{option.name}` is empty")
    if option.choices and value not in option.choices:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(value, option.choices)
        hint = f"did you mean `{close}`?" if close else "it may be " + ", ".join(f"`{each}`" for each in option.choices)
        raise Usage(f"`{option.name}` cannot be `{value}`", hint)
