"""What a decorator is to the compiler, and how one is found by its name.

A decorator is a file here, named for it (a file whose name begins with `_` is none), with:

    LEVEL = "step" or "flow"
    ATTRIBUTES: dict[str, Value]            every attribute it takes, with its default

and, where they say something:

    MULTIPLE = True                         it may be given several times
    FUNCTIONS = ("on_success", …)           attributes that may hold functions; the IR carries each as `{"function": NAME}` (functions.py)
    DEPLOY_TIME = True                      these are called when the flow is deployed, so one that folds is its value
    def check(decorator, owner)             yields what is wrong with its values; `owner` is the Step, or the Flow
    def has_effect(decorator) -> bool       False when these values ask nothing of a target, so that none need refuse it
    IN_IMAGE = True                         an image can hold what it asks for: where one is named, a target that leaves it out only warns
    WHY, HOW: str                           what would be lost without it, and what to do instead: for a target that cannot honour it

Nothing else in the project needs to change for a new decorator but the `HONOURED` of targets that know it.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

    Check = Callable[[Decorator, Any], Iterator[Diagnostic]]


def no_check(_decorator: Decorator, _owner: Any) -> Iterator[Diagnostic]:
    return iter(())


def always(_decorator: Decorator) -> bool:
    return True


@record
class Specification:
    """One decorator that flowc knows."""

    name: str
    level: str  # "step" or "flow"
    attributes: dict[str, Value]
    multiple: bool = False
    functions: tuple[str, ...] = ()  # attributes that may hold functions
    deploy_time: bool = False  # which are called when the flow is deployed
    check: Check = no_check
    has_effect: Callable[[Decorator], bool] = always
    in_image: bool = False  # an image can hold what it asks for
    why: str = "leaving it out would change what the flow does"
    how: str = "remove it, or choose another target"


def specification(name: str) -> Specification | None:
    """Returns the decorator of that name, or None if there is none. Only its own file is imported."""
    if name not in names():
        return None
    from importlib import import_module

    module = import_module(f"flowc.compiler.decorators.{name}")
    said = {field: getattr(module, _SAYS[field]) for field in _SAYS if hasattr(module, _SAYS[field])}
    return Specification(name, module.LEVEL, module.ATTRIBUTES, **said)


_SAYS = {each: each for each in ("check", "has_effect")} | {
    each: each.upper() for each in ("multiple", "functions", "deploy_time", "in_image", "why", "how")
}  # field of a specification → what its file calls it


def names() -> tuple[str, ...]:
    """Returns the name of every decorator that flowc knows, sorted."""
    import os

    files = {each[:-3] for each in os.listdir(os.path.dirname(__file__)) if each.endswith(".py") and not each.startswith("_")}
    return tuple(sorted(files - {"decorator"}))


def wrong_values(flow: Flow) -> Iterator[Diagnostic]:
    """Yields what is wrong with the values of the flow's decorators and its steps'."""
    for owner, decorators in ((flow, flow.decorators), *((step, step.decorators) for step in flow.steps)):
        for each in decorators:
            known = specification(each.name)
            if known is not None:
                yield from known.check(each, owner)


def value_error(decorator: Decorator, attribute: str, why: str, how: str = "") -> Diagnostic:
    """FLOW121: an attribute of a decorator has a value that it cannot have."""
    from flowc.compiler.report.diagnostics import Diagnostic

    shown = repr(decorator.attributes.get(attribute))
    what = f"`@{decorator.name}({attribute}={shown if len(shown) <= 60 else shown[:57] + '...'})` is not possible"
    return Diagnostic("FLOW121", what, decorator.span, why, how)


def number(value: Value) -> float | None:
    """The value as a number, if it is one or the text of one; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):  # the latter for whole numbers of over 308 digits
        return None
    return found if found == found and abs(found) != float("inf") else None


def whole(value: Value) -> int | None:
    """The value as a whole number, if it is one or the text of one; else None."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def function_name(value: Value) -> str | None:
    """The name of the function that the value stands for (`{"function": NAME}`), or None for any other value."""
    if isinstance(value, dict) and set(value) == {"function"} and isinstance(value["function"], str):
        return value["function"]
    return None
