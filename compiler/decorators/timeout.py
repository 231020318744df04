"""`@timeout(seconds=0, minutes=0, hours=0)`: the sum is the longest time that one attempt of a task may take."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import Diagnostic

from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"seconds": 0, "minutes": 0, "hours": 0}


def seconds(decorator: Decorator) -> float:
    """Returns the whole duration in seconds."""
    factors = {"seconds": 1, "minutes": 60, "hours": 3600}
    return sum((number(decorator.attributes[unit]) or 0) * factor for unit, factor in factors.items())


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    wrong = [unit for unit in ATTRIBUTES if (amount := number(decorator.attributes[unit])) is None or amount < 0]
    for unit in wrong:
        yield value_error(decorator, unit, "it is a duration", f"give a number of {unit}, 0 or more")
    if not wrong and not seconds(decorator):
        what = "`@timeout` has no duration"
        yield Diagnostic("FLOW121", what, decorator.span, "a task would have no time at all", "write `@timeout(minutes=5)`, for example")
