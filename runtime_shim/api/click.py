"""The parts of click, Metaflow's library of command lines, that flows use: types of parameters, and messages.

The compiler reads the types from the source. In a task they only have to exist, and to convert a value if they are of
the flow's own.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Optional


class ClickException(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(ClickException):
    def __init__(self, message: str, ctx: Any = None) -> None:
        super().__init__(message)


class BadParameter(UsageError):
    def __init__(self, message: str, ctx: Any = None, param: Any = None, param_hint: Any = None) -> None:
        super().__init__(message)


class Abort(RuntimeError):
    pass


class ParamType:
    """The base of types. A type of the flow's own defines `convert`."""

    name = ""
    is_composite = False

    def __call__(self, value: Any, param: Any = None, ctx: Any = None) -> Any:
        return None if value is None else self.convert(value, param, ctx)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return value

    def fail(self, message: str, param: Optional[Any] = None, ctx: Optional[Any] = None) -> NoReturn:
        raise BadParameter(message, ctx, param)


class _Known(ParamType):
    """A type that the compiler knows, by its arguments."""

    alias = ""  # the name of a type that is not called

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.arguments, self.named = arguments, named


class Choice(_Known):
    name = "choice"

    def __init__(self, choices: Any, case_sensitive: bool = True) -> None:
        super().__init__(choices, case_sensitive=case_sensitive)
        self.choices, self.case_sensitive = choices, case_sensitive


class IntRange(_Known):
    name = "integer range"


class FloatRange(_Known):
    name = "float range"


class Path(_Known):
    name = "path"


class File(_Known):
    name = "filename"


class DateTime(_Known):
    name = "datetime"


class Tuple(_Known):
    name = "tuple"
    is_composite = True


class _Plain(_Known):
    def __init__(self, alias: str, name: str) -> None:
        super().__init__()
        self.alias, self.name = alias, name

    def __repr__(self) -> str:
        return self.alias


INT, FLOAT, BOOL = _Plain("INT", "integer"), _Plain("FLOAT", "float"), _Plain("BOOL", "boolean")
STRING, UUID, UNPROCESSED = _Plain("STRING", "text"), _Plain("UUID", "uuid"), _Plain("UNPROCESSED", "text")


def style(text: Any, **_: Any) -> str:
    """Returns the text: what a task prints is read from a log."""
    return str(text)


def echo(message: Any = None, file: Any = None, nl: bool = True, err: bool = False, color: Any = None) -> None:
    print("" if message is None else message, file=file or (sys.stderr if err else sys.stdout), end="\n" if nl else "")


def secho(message: Any = None, file: Any = None, nl: bool = True, err: bool = False, **_: Any) -> None:
    echo(message, file, nl, err)
