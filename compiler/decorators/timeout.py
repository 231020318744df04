"""`@timeout(seconds=0, minutes=0, hours=0)`: the time limit of one attempt, as the sum of the three."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.runtime_shim.contract import semantics

from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"seconds": 0, "minutes": 0, "hours": 0}


@record
class Timeout:
    """The longest time that one attempt of a task may take."""

    seconds: float


def read(decorator: Decorator) -> Timeout:
    """Returns the decorator's values as a record."""
    return Timeout(semantics.timeout_seconds(decorator.attributes))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    wrong = [unit for unit in ATTRIBUTES if (amount := number(decorator.attributes[unit])) is None or amount < 0]
    for unit in wrong:
        yield value_error(decorator, unit, "it must be a duration", f"give a number of {unit}, 0 or more")
    if not wrong and not read(decorator).seconds:
        what = "`@timeout` has no duration"
        yield Diagnostic(
            "FLOW121",
            what,
            decorator.span,
            "the task would have no time to run",
            "give a duration, such as `@timeout(minutes=5)`",
        )
