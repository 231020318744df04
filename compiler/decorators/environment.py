"""`@environment(vars={})`: variables of the task's environment. Values become text, as `str` gives it."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import semantics

from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"vars": {}}


@record
class Environment:
    """What the task's environment has beside the container's own."""

    variables: dict[str, str]


def read(decorator: Decorator) -> Environment:
    """Returns what the decorator says."""
    return Environment(semantics.environment_variables(decorator.attributes))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    variables = decorator.attributes["vars"]
    if not isinstance(variables, dict):
        yield value_error(decorator, "vars", "it maps names of variables to values", "write `vars={'NAME': 'value'}`")
        return
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name:
            yield value_error(
                decorator,
                "vars",
                f"`{name!r}` cannot be the name of an environment variable",
                "use letters, digits and underscores",
            )
        if name.startswith("FLOWC_"):
            yield value_error(decorator, "vars", f"`{name}` is one of flowc's own variables", "use another prefix")
        if isinstance(value, (dict, list)):
            yield value_error(
                decorator, "vars", f"the value of `{name}` is not text", "use `json.dumps` in the step, or text"
            )
        if isinstance(value, str) and "\0" in value:
            yield value_error(
                decorator,
                "vars",
                f"the value of `{name}` holds a NUL character, which no environment can",
                "leave it out",
            )
