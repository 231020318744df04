"""`record`: frozen, slotted classes that cost nothing to import.

The IR would use `@dataclass(frozen=True, slots=True)`, but importing `dataclasses` takes longer than starting Python,
and each class takes a millisecond more. `record` gives the same shape (positional and keyword construction, equality,
hash, repr, `replace`, no assignment after construction) without generating code, but for a constructor of each class
of which a flow needs many values. Type checkers see it as a dataclass.

The plain version is that decorator of `dataclasses`. Deleting this file costs 15 ms a command and a millisecond for
each class: the processor time of `import dataclasses`, where Python itself starts in 9 ms. Deleting the constructors of
`_compiled` costs a tenth of the time to compile 1,000 steps.

    >>> @record
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1)
    Point(x=1, y=0)
    >>> replace(Point(1), y=5) == Point(1, 5)
    True
    >>> Point(1).x = 2
    Traceback (most recent call last):
    AttributeError: Point is frozen: cannot assign 'x'
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from typing_extensions import dataclass_transform

    T = TypeVar("T")
else:

    def dataclass_transform(**_: object):
        return lambda function: function


_set = object.__setattr__
_MANY = 200  # values of a class, after which a constructor of its own is worth making


def _frozen(self: Any, name: str, _value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: cannot assign {name!r}")


def _equal(self: Any, other: Any) -> bool:
    if type(self) is not type(other):
        return NotImplemented  # type: ignore[no-any-return]
    return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)


def _hash(self: Any) -> int:
    return hash((type(self), *(getattr(self, name) for name in self.__match_args__)))


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__match_args__)})"


def _get_state(self: Any) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name in self.__match_args__)


def _set_state(self: Any, state: tuple[object, ...]) -> None:
    for name, value in zip(self.__match_args__, state):
        object.__setattr__(self, name, value)


def _constructor(kind: str, fields: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    count = len(fields)
    so_far = 0

    def __init__(self: Any, *values: object, **named: object) -> None:
        nonlocal so_far
        so_far += 1
        if so_far == _MANY:
            owner: Any = next(cls for cls in type(self).__mro__ if cls.__dict__.get("__init__") is __init__)
            owner.__init__ = _compiled(owner, fields, defaults)
        if len(values) > count:
            raise TypeError(f"{kind} takes {count} arguments, not {len(values)}")
        for name, value in zip(fields, values):
            if name in named:
                raise TypeError(f"{kind} is given {name!r} twice")
            _set(self, name, value)
        for name in fields[len(values) :]:
            if name in named:
                _set(self, name, named.pop(name))
            elif name in defaults:
                _set(self, name, defaults[name])
            else:
                raise TypeError(f"{kind} is not given {name!r}")
        if named:
            raise TypeError(f"{kind} has no field {next(iter(named))!r}")

    return __init__


def _compiled(cls: type, fields: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    """Returns the constructor as code of its own, which takes a quarter of the time, but 0.1 ms to make."""
    names: dict[str, Any] = {f"_set_{name}": cls.__dict__[name].__set__ for name in fields}
    parameters = [f"{name}=_defaults[{name!r}]" if name in defaults else name for name in fields]
    body = [f" _set_{name}(self, {name})" for name in fields] or [" pass"]
    exec(
        "\n".join([f"def __init__({', '.join(['self', *parameters])}):", *body]),
        {**names, "_defaults": defaults},
        names,
    )
    constructor: Callable[..., None] = names["__init__"]
    return constructor


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Returns `cls` rebuilt as a frozen, slotted class of its annotated fields, in order.

    Class-level values are the defaults.

    Raises TypeError if a field without a default follows one with a default.
    """
    fields = tuple(cls.__annotations__)
    defaults = {name: cls.__dict__[name] for name in fields if name in cls.__dict__}
    for name, after in zip(fields, fields[1:]):
        if name in defaults and after not in defaults:
            raise TypeError(f"{cls.__name__}.{after} has no default but follows a field that has one")
    namespace = {
        key: value
        for key, value in cls.__dict__.items()
        if key not in defaults and key not in ("__dict__", "__weakref__")
    }
    namespace.update(
        __slots__=fields,
        __match_args__=fields,
        __optional__=frozenset(defaults),
        __init__=_constructor(cls.__name__, fields, defaults),
        __setattr__=_frozen,
        __delattr__=_frozen,
        __eq__=_equal,
        __hash__=_hash,
        __repr__=_repr,
        __getstate__=_get_state,
        __setstate__=_set_state,
    )
    rebuilt: type[T] = type.__call__(type(cls), cls.__name__, cls.__bases__, namespace)
    return rebuilt


def replace(value: T, **changes: object) -> T:
    """Returns a copy of the record `value` with some fields changed.

    Raises TypeError for a name that is not a field.
    """
    names: tuple[str, ...] = value.__match_args__  # type: ignore[attr-defined]
    fields = [changes.pop(name) if name in changes else getattr(value, name) for name in names]
    return type(value)(*fields, **changes)
