"""What a decorator is to the compiler, and how one is found by its name.

A decorator is a file here, named for it, with:

    LEVEL = "step" or "flow"
    ATTRIBUTES: dict[str, Value]                        every attribute it takes, with its default
    MULTIPLE = True                                     (optional) it may be given several times
    def check(decorator, owner) -> Iterator[Diagnostic] (optional) what is wrong with its values; `owner` is the Step, or the Flow

Decorators that are only carried, because no rule of their own is known yet, are rows of `carried.py`.
"""

from __future__ import annotations

from flowc.compiler.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowc.compiler.diagnostics import Diagnostic
    from flowc.compiler.ir import Decorator, Value

    Check = Callable[[Decorator, Any], Iterator[Diagnostic]]


def no_check(_decorator: Decorator, _owner: Any) -> Iterator[Diagnostic]:
    return iter(())


@record
class Specification:
    """One decorator that flowc knows."""

    name: str
    level: str  # "step" or "flow"
    attributes: dict[str, Value]
    multiple: bool = False
    check: Check = no_check


def specification(name: str) -> Specification | None:
    """Returns the decorator of that name, or None if there is none. Only its own file is imported."""
    from importlib import import_module

    from .carried import CARRIED

    if name in CARRIED:
        level, attributes = CARRIED[name]
        return Specification(name, level, attributes, name in ("card", "exit_hook") or name.startswith("airflow_"))
    if name not in names():
        return None
    module = import_module(f"flowc.compiler.decorators.{name}")
    return Specification(name, module.LEVEL, module.ATTRIBUTES, getattr(module, "MULTIPLE", False), getattr(module, "check", no_check))


def names() -> tuple[str, ...]:
    """Returns the name of every decorator that flowc knows, sorted."""
    import os

    from .carried import CARRIED

    files = {each[:-3] for each in os.listdir(os.path.dirname(__file__)) if each.endswith(".py") and not each.startswith("_")}
    return tuple(sorted((files - {"decorator", "carried"}) | set(CARRIED)))


def value_error(decorator: Decorator, attribute: str, why: str, how: str = "") -> Diagnostic:
    """FLOW121: an attribute of a decorator has a value that it cannot have."""
    from flowc.compiler.diagnostics import Diagnostic

    shown = repr(decorator.attributes.get(attribute))
    what = f"`@{decorator.name}({attribute}={shown if len(shown) <= 60 else shown[:57] + '...'})` is not possible"
    return Diagnostic("FLOW121", what, decorator.span, why, how)


def number(value: Value) -> float | None:
    """The value as a number, if it is one or the text of one; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if found == found and abs(found) != float("inf") else None


def whole(value: Value) -> int | None:
    """The value as a whole number, if it is one or the text of one; else None."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None
