"""`@environment(vars={})`: variables of the task's environment. Values become text, as `str` gives it.

With `--env NAME=@runtime`, a value `os.getenv("NAME")` is that of the container's own environment.
"""

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
    """The variables that the task's environment has besides the container's own."""

    variables: dict[str, str]


def read(decorator: Decorator) -> Environment:
    """Returns the decorator's values as a record."""
    return Environment(semantics.environment_variables(decorator.attributes))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    variables = decorator.attributes["vars"]
    if not isinstance(variables, dict):
        yield value_error(decorator, "vars", "it must map variable names to values", "write `vars={'NAME': 'value'}`")
        return
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name:
            yield value_error(
                decorator,
                "vars",
                f"`{name!r}` is not a valid name of an environment variable",
                "use letters, digits and underscores",
            )
        if name.startswith("FLOWC_"):
            yield value_error(decorator, "vars", f"`{name}` is one of flowc's own variables", "use a different prefix")
        if isinstance(value, (dict, list)) and not semantics.is_of_container(value):
            yield value_error(
                decorator, "vars", f"the value of `{name}` must be text", "give text, for example from `json.dumps`"
            )
        if isinstance(value, str) and "\0" in value:
            yield value_error(
                decorator,
                "vars",
                f"the value of `{name}` contains a NUL character, which an environment variable cannot hold",
                "remove it",
            )
