"""`@exit_hook(on_success=[], on_error=[], options={})`: functions that are called when a run ends.

It may be given several times.

Each is a function of the flow's own modules, or the name of one. It is called with `run=` if it has a parameter of
that name, else without arguments. A local run calls them when it ends.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import dicts
from .decorator import function_name, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {"on_success": [], "on_error": [], "options": {}}
MULTIPLE = True
MARKER = False  # functions are not in the IR, so the shim keeps them (runtime_shim/api/names.py)
FUNCTIONS = ("on_success", "on_error")
WHY = "the hook would never be called"
HOW = "do the work in the `end` step, or remove the hook"


@record
class ExitHook:
    """The names of the functions that are called when a run ends."""

    on_success: tuple[str, ...]
    on_error: tuple[str, ...]


def read(decorator: Decorator) -> ExitHook:
    """Returns the decorator's values as a record. Its check has accepted them."""
    return ExitHook(_functions(decorator.attributes["on_success"]), _functions(decorator.attributes["on_error"]))


def _functions(value: Value) -> tuple[str, ...]:
    return tuple(function_name(item) or str(item) for item in value) if isinstance(value, list) else ()


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from dicts(decorator, "options")
    wrong = False
    for name in FUNCTIONS:
        value = attributes[name]
        if not isinstance(value, list):
            wrong = True
            yield value_error(decorator, name, "it must be a list of functions", f"write `{name}=[notify]`")
        elif not all(function_name(item) or (isinstance(item, str) and _is_name(item)) for item in value):
            wrong = True
            yield value_error(
                decorator, name, "a hook must be a function or the name of one", f"write `{name}=[notify]`"
            )
    if not wrong and not attributes["on_success"] and not attributes["on_error"]:
        yield value_error(
            decorator,
            "on_success",
            "neither `on_success` nor `on_error` names a function, so the hook would do nothing",
            "write `on_success=[…]` or `on_error=[…]`",
        )


def _is_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
