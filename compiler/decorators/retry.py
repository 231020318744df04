"""`@retry(times=3, minutes_between_retries=2)`: run a failed task again, at most 4 times, as in Metaflow."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import semantics

from .decorator import number, value_error, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"times": 3, "minutes_between_retries": 2}
MAX_TIMES = 4


@record
class Retry:
    """The number of retries and the time between them."""

    times: int
    pause_seconds: int


def read(decorator: Decorator) -> Retry:
    """Returns the decorator's values as a record."""
    return Retry(semantics.retries(decorator.attributes), semantics.pause_seconds(decorator.attributes))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    times = whole(decorator.attributes["times"])
    if times is None or times < 0:
        yield value_error(
            decorator,
            "times",
            "it must be the number of times to run a failed task again",
            "give a whole number from 0 to 4",
        )
    elif times > MAX_TIMES:
        yield value_error(decorator, "times", "Metaflow allows at most 4 retries", "write `@retry(times=4)`")
    minutes = number(decorator.attributes["minutes_between_retries"])
    if minutes is None or minutes < 0:
        yield value_error(
            decorator, "minutes_between_retries", "it must be a time to wait", "give a number of minutes, 0 or more"
        )
