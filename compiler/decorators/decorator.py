"""The compiler's view of a decorator, and how it finds a decorator by its name.

A decorator is a file here, named after it (a file whose name begins with `_` is not a decorator). Its docstring is
its part of docs/decorators.md. It has:

    LEVEL = "step" or "flow"
    ATTRIBUTES: dict[str, Value]            every attribute it takes, with its default
    def read(decorator) -> a record         what it says, typed; nobody else looks its attributes up by name

and, if they apply:

    MULTIPLE = True                         it may be given several times
    GANG = True                             the step's tasks run together
    MARKER = False                          the shim has a function of its own for it (runtime_shim/api/names.py)
    FUNCTIONS = ("on_success", …)           attributes that may hold functions, `{"function": NAME}` in the IR
    DEPLOY_TIME = True                      these are called when the flow is deployed, so one that folds is its value
    def check(decorator, owner)             yields what is wrong with its values; `owner` is the Step, or the Flow
    def has_effect(decorator) -> bool       False when these values ask nothing of a target, so that none need refuse it
    EXTENSION = "metaflow-checkpoint"       the package that it comes from, if not Metaflow; `import *` leaves it out
    IN_TASK = True                          the task does what it asks, on every target (runtime_shim/extensions)
    IN_IMAGE = True                         an image can hold what it asks for: where one is named,
    a target that leaves it out only warns
    WHY, HOW: str                           what would be lost without it,
    and what to do instead: for a target that cannot honour it

A new decorator needs no other change in the project, except in the `HONOURED` of targets that support it.
`make golden` generates what is derived from the files (`_build.py`). A meaning that the shim needs too is defined in
`runtime_shim/contract/semantics.py`.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.semantics import number as number

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
    """A decorator that flowc knows."""

    name: str
    level: str  # "step" or "flow"
    attributes: dict[str, Value]
    multiple: bool = False
    gang: bool = False  # the step's tasks run together
    marker: bool = True  # False: the shim has a function for it
    functions: tuple[str, ...] = ()  # attributes that may hold functions
    deploy_time: bool = False  # these attributes hold functions that are called when the flow is deployed
    check: Check = no_check
    has_effect: Callable[[Decorator], bool] = always
    extension: str = ""  # the package that it comes from, if not Metaflow
    in_task: bool = False  # the task does what it asks, on every target
    in_image: bool = False  # an image can contain what it asks for
    why: str = "without it, the flow would behave differently"
    how: str = "remove it, or choose another target"


def specification(name: str) -> Specification | None:
    """Returns the decorator of that name, or None if there is none. Only its own file is imported."""
    if name not in _read and name in names():
        _read[name] = read_specification(name)
    return _read.get(name)


_read: dict[str, Specification] = {}  # like `sys.modules`: a file that was imported does not change


def read_specification(name: str) -> Specification:
    """Returns the specification in the decorator's file. Raises ModuleNotFoundError if there is no such file."""
    from importlib import import_module

    module = import_module(f"flowc.compiler.decorators.{name}")
    optional = {field: getattr(module, _SAYS[field]) for field in _SAYS if hasattr(module, _SAYS[field])}
    return Specification(name, module.LEVEL, module.ATTRIBUTES, **optional)


# field of a specification → its name in the file
_SAYS = {function: function for function in ("check", "has_effect")} | {
    field: field.upper()
    for field in (
        "multiple",
        "gang",
        "marker",
        "functions",
        "deploy_time",
        "extension",
        "in_task",
        "in_image",
        "why",
        "how",
    )
}


def names() -> tuple[str, ...]:
    """Returns the names of all decorators that flowc knows, sorted.

    Those are the ones that had a file here when `_build.py` last ran.
    """
    from flowc.runtime_shim.contract.decorator_names import NAMES

    return NAMES


def wrong_values(flow: Flow) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each wrong value of the decorators of the flow and its steps."""
    for owner, decorators in ((flow, flow.decorators), *((step, step.decorators) for step in flow.steps)):
        for decorator in decorators:
            spec = specification(decorator.name)
            if spec is not None:
                yield from spec.check(decorator, owner)


def record_of(decorator: Decorator) -> Any:
    """Returns the record that the `read` of the decorator's file makes, for callers that handle several decorators."""
    from importlib import import_module

    return import_module(f"flowc.compiler.decorators.{decorator.name}").read(decorator)


def asked(decorator: Decorator) -> dict[str, Value]:
    """Returns the attributes whose values are neither empty nor the default."""
    spec = specification(decorator.name)
    defaults = spec.attributes if spec else {}
    return {
        name: value
        for name, value in decorator.attributes.items()
        if value not in (None, False, "", 0) and value != defaults.get(name)
    }


def value_error(decorator: Decorator, attribute: str, why: str, how: str = "") -> Diagnostic:
    """Returns FLOW121 for an invalid value of a decorator's attribute."""
    from flowc.compiler.report.diagnostics import Diagnostic

    shown = repr(decorator.attributes.get(attribute))
    what = f"invalid value: `@{decorator.name}({attribute}={shown if len(shown) <= 60 else shown[:57] + '...'})`"
    return Diagnostic("FLOW121", what, decorator.span, why, how)


def whole(value: Value) -> int | None:
    """Returns the value as a whole number if it is one or the text of one, else None."""
    amount = number(value)
    return int(amount) if amount is not None and amount == int(amount) else None


def function_name(value: Value) -> str | None:
    """Returns the name of the function that the value stands for (`{"function": NAME}`), or None."""
    if isinstance(value, dict) and set(value) == {"function"} and isinstance(value["function"], str):
        return value["function"]
    return None
