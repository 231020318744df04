"""What flows use of click where it is not installed: types of parameters, errors, and `echo`.

`metaflow._vendor.click` is the installed click if there is one, and this module otherwise. Commands and options are not
here: a flow's command line is flowc's.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, List, NoReturn, Optional
    from typing import Tuple as Tuples


class ClickException(Exception):
    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def format_message(self) -> str:
        return self.message

    def show(self, file: Any = None) -> None:
        echo(f"Error: {self.format_message()}", file=file, err=True)


class UsageError(ClickException):
    exit_code = 2

    def __init__(self, message: str, ctx: Any = None) -> None:
        super().__init__(message)
        self.ctx = ctx


class BadParameter(UsageError):
    def __init__(self, message: str, ctx: Any = None, param: Any = None, param_hint: Any = None) -> None:
        super().__init__(message, ctx)
        self.param, self.param_hint = param, param_hint


class Abort(RuntimeError):
    """The user interrupted the program."""


class ParamType:
    """The type of a parameter: `convert` makes its value of a text."""

    name = "text"

    def __call__(self, value: Any, param: Any = None, ctx: Any = None) -> Any:
        return None if value is None else self.convert(value, param, ctx)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return value

    def fail(self, message: str, param: Any = None, ctx: Any = None) -> NoReturn:
        raise BadParameter(message, ctx=ctx, param=param)


class _Converted(ParamType):
    def __init__(self, name: str, function: Callable[[Any], Any]) -> None:
        self.name, self._function = name, function

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            return self._function(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)


class Choice(ParamType):
    name = "choice"

    def __init__(self, choices: Iterable[Any], case_sensitive: bool = True) -> None:
        self.choices, self.case_sensitive = tuple(choices), case_sensitive

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        for choice in self.choices:
            if value == choice or (not self.case_sensitive and str(value).casefold() == str(choice).casefold()):
                return choice
        self.fail(f"{value!r} is not one of {', '.join(map(repr, self.choices))}.", param, ctx)


class _Range(ParamType):
    _number: Callable[[Any], Any]

    def __init__(
        self, min: Any = None, max: Any = None, min_open: bool = False, max_open: bool = False, clamp: bool = False
    ) -> None:
        self.min, self.max, self.min_open, self.max_open, self.clamp = min, max, min_open, max_open, clamp

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            number = type(self)._number(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        is_low = self.min is not None and (number < self.min or (self.min_open and number == self.min))
        is_high = self.max is not None and (number > self.max or (self.max_open and number == self.max))
        if self.clamp and (is_low or is_high):
            return self.min if is_low else self.max
        if is_low or is_high:
            self.fail(f"{number} is not in the range from {self.min} to {self.max}.", param, ctx)
        return number


class IntRange(_Range):
    name = "integer range"
    _number = int


class FloatRange(_Range):
    name = "float range"
    _number = float


class DateTime(ParamType):
    name = "datetime"

    def __init__(self, formats: Optional[Iterable[str]] = None) -> None:
        self.formats: List[str] = list(formats or ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"))

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        from datetime import datetime

        for form in () if isinstance(value, datetime) else self.formats:
            try:
                return datetime.strptime(value, form)
            except ValueError:
                continue
        if isinstance(value, datetime):
            return value
        self.fail(f"{value!r} does not match the formats {', '.join(map(repr, self.formats))}.", param, ctx)


class Path(ParamType):
    name = "path"

    def __init__(self, exists: bool = False, path_type: Any = None, **options: Any) -> None:
        self.exists, self.type, self.options = exists, path_type, options

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        import os

        if self.exists and not os.path.exists(value):
            self.fail(f"Path {value!r} does not exist.", param, ctx)
        path = os.path.realpath(value) if self.options.get("resolve_path") else value
        return path if self.type is None else self.type(path)


class File(ParamType):
    name = "filename"

    def __init__(self, mode: str = "r", encoding: Optional[str] = None, **options: Any) -> None:
        self.mode, self.encoding, self.options = mode, encoding, options

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return open(value, self.mode, encoding=self.encoding) if isinstance(value, str) else value


class Tuple(ParamType):
    name = "tuple"

    def __init__(self, types: Iterable[Any]) -> None:
        self.types = list(types)

    def convert(self, value: Any, param: Any, ctx: Any) -> Tuples[Any, ...]:
        return tuple(kind(item) for kind, item in zip(self.types, value))


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in ("1", "true", "t", "yes", "y", "on"):
        return True
    if text in ("0", "false", "f", "no", "n", "off", ""):
        return False
    raise ValueError(value)


def _uuid(value: Any) -> Any:
    from uuid import UUID

    return value if isinstance(value, UUID) else UUID(str(value).strip())


STRING = _Converted("text", str)
INT = _Converted("integer", int)
FLOAT = _Converted("float", float)
BOOL = _Converted("boolean", _boolean)
UUID = _Converted("uuid", _uuid)
UNPROCESSED = ParamType()


def echo(message: Any = None, file: Any = None, nl: bool = True, err: bool = False, color: Any = None) -> None:
    """Prints the message, to the error output with `err`."""
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    stream = file or (sys.stderr if err else sys.stdout)
    print("" if text is None else text, file=stream, end="\n" if nl else "", flush=True)


def style(text: Any, **_styles: Any) -> str:
    """Returns the text, without colours."""
    return str(text)


def secho(
    message: Any = None, file: Any = None, nl: bool = True, err: bool = False, color: Any = None, **_styles: Any
) -> None:
    """Prints the message, without colours."""
    echo(message, file=file, nl=nl, err=err)
