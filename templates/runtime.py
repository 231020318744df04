"""The runtime of translated templates: the part of Jinja2's runtime that flowc's templates use, without imports.

`build.py` proves that templates need no more than this. A test proves that the results equal Jinja2's own.
"""

from __future__ import annotations

from . import escape as _escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any


class Markup(str):
    """Text that is already in the template's language: a rendered macro, or an escaped value."""

    __slots__ = ()


class TemplateRuntimeError(Exception):
    pass


class _Missing:
    def __bool__(self) -> bool:
        return False


missing: Any = _Missing()


class Undefined:
    """An undefined name; any use of it raises TemplateRuntimeError."""

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None) -> None:
        self._hint = hint or f"{name!r} is undefined"

    def _fail(self, *_: Any) -> Any:
        raise TemplateRuntimeError(self._hint)

    __bool__ = __iter__ = __str__ = __len__ = __getattr__ = __getitem__ = __call__ = __eq__ = __hash__ = _fail


def escape(value: Any) -> Markup:
    """Checks that `finalize` has written the value."""
    if type(value) is not Markup:
        raise TemplateRuntimeError(f"unescaped text: {value!r}")
    return value


def str_join(parts: Iterable[Any]) -> str:
    return "".join(map(_plain, parts))


markup_join = str_join


def _plain(value: Any) -> str:
    if isinstance(value, (Markup, Undefined)) or not isinstance(value, (str, int)):
        raise TemplateRuntimeError(f"`~` joins only plain texts and numbers, not {value!r}")
    return str(value)


def identity(value: Any) -> Any:
    return value


def internalcode(function: Any) -> Any:
    return function


class Namespace:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class LoopContext:
    """The `loop` of a for block."""

    def __init__(
        self, items: Iterable[Any], undefined: Any, recurse: Callable[..., Any] | None = None, depth: int = 0
    ) -> None:
        self._items = list(items)
        self._recurse = recurse
        self.depth0 = depth
        self.index0 = -1

    def __iter__(self) -> Iterator[tuple[Any, LoopContext]]:
        for self.index0, item in enumerate(self._items):  # noqa: B020
            yield item, self

    @property
    def index(self) -> int:
        return self.index0 + 1

    @property
    def first(self) -> bool:
        return self.index0 == 0

    @property
    def last(self) -> bool:
        return self.index == len(self._items)

    @property
    def length(self) -> int:
        return len(self._items)

    def __call__(self, items: Iterable[Any]) -> Any:
        assert self._recurse is not None
        return self._recurse(items, self._recurse, depth=self.depth0 + 1)


class Macro:
    def __init__(self, environment: Any, function: Any, name: str, arguments: tuple[str, ...], *_: Any) -> None:
        self._function, self.name, self._arguments = function, name, arguments

    def __call__(self, *positional: Any, **named: Any) -> Markup:
        if len(positional) > len(self._arguments) or not set(named) <= set(self._arguments):
            raise TemplateRuntimeError(f"macro {self.name!r} takes {self._arguments}")
        bound = [
            positional[index] if index < len(positional) else named.get(name, missing)
            for index, name in enumerate(self._arguments)
        ]
        return Markup(self._function(*bound))


class _EvalContext:
    autoescape = True


class Context:
    """The names that a template sees."""

    eval_ctx = _EvalContext()

    def __init__(self, values: dict[str, Any]) -> None:
        self.vars = values
        self.exported_vars: set[str] = set()

    def resolve_or_missing(self, name: str) -> Any:
        return self.vars[name] if name in self.vars else _GLOBALS.get(name, missing)

    def call(
        self, function: Any, *arguments: Any, _loop_vars: Any = None, _block_vars: Any = None, **named: Any
    ) -> Any:
        return function(*arguments, **named)


_GLOBALS: dict[str, Any] = {"namespace": Namespace, "range": range}


def lookup(value: Any, name: Any) -> Any:
    """Returns `value.name`: the value of a dict's key, else an attribute; never a method of a dict or list."""
    if type(value) is dict or isinstance(value, dict):  # the first takes a third of the time, and nearly always holds
        return value[name] if name in value else Undefined(name=str(name))
    if isinstance(value, (list, tuple)) and isinstance(name, int):
        return value[name]
    attribute = getattr(value, name, missing) if isinstance(name, str) and not name.startswith("_") else missing
    return Undefined(name=str(name)) if attribute is missing else attribute


def indented(text: Any, width: int) -> Markup:
    """Returns a rendered macro without its final newline, with all lines but the first indented."""
    if type(text) is not Markup:
        raise TemplateRuntimeError("only a rendered macro can be indented")
    return Markup(text.rstrip("\n").replace("\n", "\n" + " " * width))


class Environment:
    """The `environment` of a translated template, for one language."""

    undefined = Undefined
    concat = "".join

    filters: dict[str, Any] = {
        "comment": lambda value: Markup(_escape.comment(value)),
        "identifier": lambda value: Markup(_escape.identifier(value)),
        "length": len,
        "json": _escape.json,
        "indent": lambda text, width: indented(text, width),
    }
    tests: dict[str, Any] = {
        "defined": lambda value: not isinstance(value, Undefined),
        "none": lambda value: value is None,
        "string": lambda value: isinstance(value, str),
        "mapping": lambda value: isinstance(value, dict),
    }

    def __init__(self, language: str) -> None:
        write = _escape.LANGUAGES[language]
        written: dict[str, Markup] = {}  # texts so far: most stand in a spec many times

        def finalize(value: Any) -> Markup:
            if type(value) is Markup:
                return value
            if type(value) is not str:
                return Markup(write(value))
            if value not in written:
                written[value] = Markup(write(value))
            return written[value]

        self.finalize = finalize

    getattr = staticmethod(lookup)
    getitem = staticmethod(lookup)
