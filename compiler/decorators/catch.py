"""`@catch(var=None, print_exception=True)`: continue after a step that failed, with the exception in an artifact."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.runtime_shim.contract import semantics

from ._kinds import flags
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LEVEL = "step"
ATTRIBUTES: dict[str, nodes.Value] = {"var": None, "print_exception": True}


@record
class Catch:
    """The artifact that holds a failed step's exception."""

    prints_exception: bool
    artifact: str | None  # that holds the exception, or None after success; None: no artifact


def read(decorator: nodes.Decorator) -> Catch:
    """Returns the decorator's values as a record. A value that its check refuses assigns nothing."""
    artifact = semantics.caught_artifact(decorator.attributes)
    return Catch(semantics.prints_exception(decorator.attributes), artifact if isinstance(artifact, str) else None)


def check(decorator: nodes.Decorator, owner: nodes.Step) -> Iterator[Diagnostic]:
    yield from flags(decorator, "print_exception")
    var = decorator.attributes["var"]
    if var is not None and not (isinstance(var, str) and var.isidentifier()):
        yield value_error(
            decorator,
            "var",
            "it must be the name of the artifact for the exception",
            "give a name, such as `'failure'`",
        )
    kind = {nodes.Foreach: "a foreach", nodes.Switch: "a switch"}.get(type(owner.transition))
    if kind:
        what = f"`@catch` cannot be on step `{owner.name}`, which ends in {kind}"
        why = "after a failure there is no list or value to choose the next steps by"
        yield Diagnostic(
            "FLOW122", what, decorator.span, why, "move the work that may fail to a separate step before this one"
        )
