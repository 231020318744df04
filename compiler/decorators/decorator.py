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

A plug-in is such a file outside the project; `_plugins.py` says what else it may have.

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
    from types import ModuleType
    from typing import Any

    from flowc.compiler.ir.nodes import Decorator, Flow, Step, Value
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
    plugin: str = ""  # the origin of a plug-in; "" for flowc's own
    targets: tuple[str, ...] = ()  # those that honour a plug-in; () for every one


def specification(name: str) -> Specification | None:
    """Returns the decorator of that name, or None if there is none. Only its own file is imported."""
    if name not in _read:
        if name not in names():
            of_plugin: Specification | None = plugins().specification(name)  # of this compile alone
            return of_plugin
        _read[name] = read_specification(name)
    return _read[name]


_read: dict[str, Specification] = {}  # like `sys.modules`: a file that was imported does not change


# ── plug-ins ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_begun: tuple[tuple[str, ...], str] = ((), "")  # of the compile: the plug-ins that settings name, the flow's folder
_without: dict[str, bool] = {}  # of the compile: the decorators that are left out → whether the flow has it
_plugins: Any = None  # `Plugins` of `_plugins.py`, once a decorator that flowc does not have is met


def begin(files: tuple[str, ...], folder: str, without: tuple[str, ...] = ()) -> None:
    """Begins a compile: plug-ins are looked for anew, once a decorator that flowc does not have is met.

    `without` are the names of decorators that are left out.
    """
    global _begun, _plugins, _without
    _begun, _plugins, _without = (files, folder), None, dict.fromkeys(without, False)


def is_left_out(name: str) -> bool:
    """Returns True if the decorator is left out. Records that the flow has it."""
    if name not in _without:
        return False
    _without[name] = True
    return True


def leave_out(name: str) -> None:
    """Leaves out a decorator of the flow that asks nothing of its tasks, from here on in this compile."""
    _without[name] = True


def left_out() -> dict[str, bool]:
    """Returns the decorators that are left out, and whether the flow has them."""
    return dict(_without)


def plugins() -> Any:
    """Returns the plug-ins of the compile, as `Plugins` of `_plugins.py`, which imports this module."""
    global _plugins
    if _plugins is None:
        from importlib import import_module

        _plugins = import_module(f"{__package__}._plugins").Plugins(*_begun)
    return _plugins


def has_own_plugins() -> bool:
    """Returns True if the project's settings name plug-ins."""
    return bool(_begun[0])


def plugins_in_use() -> Any:
    """Returns the plug-ins if the compile has looked for any, else None."""
    return _plugins


def plugin_named(qualified: str) -> str:
    """Returns the name of the plug-in that flows import under the qualified name, or ""."""
    available = plugins()
    name: str = available.name_of(qualified)
    if name:
        available.use(qualified, name)
    return name


def has_plugins(flow: Flow) -> bool:
    """Returns True for a flow with a decorator that flowc does not have."""
    own = names()
    several = (flow.decorators, *(step.decorators for step in flow.steps))
    return any(decorator.name not in own for decorators in several for decorator in decorators)


def is_asked_for(decorator: Decorator, owner: Step | Flow, flow: Flow) -> bool:
    """Returns True for a decorator that the author did not write, but that a plug-in asks for in its place."""
    others = (*owner.decorators, *flow.decorators)
    return any(other.span == decorator.span and other.name not in names() for other in others)


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_specification(name: str) -> Specification:
    """Returns the specification in the decorator's file. Raises ModuleNotFoundError if there is no such file."""
    from importlib import import_module

    module = import_module(f"flowc.compiler.decorators.{name}")
    return Specification(name, module.LEVEL, module.ATTRIBUTES, **said_in(module))


def said_in(module: ModuleType) -> dict[str, Any]:
    """Returns the fields of a specification that a decorator's file fills, beside its level and attributes."""
    return {field: getattr(module, _SAYS[field]) for field in _SAYS if hasattr(module, _SAYS[field])}


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
