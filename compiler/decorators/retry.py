"""`@retry(times=3, minutes_between_retries=2)`: run a failed task again. Metaflow allows at most 4 times."""

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
    """How a failed task is run again."""

    times: int
    pause_seconds: int


def read(decorator: Decorator) -> Retry:
    """Returns what the decorator says."""
    return Retry(semantics.retries(decorator.attributes), semantics.pause_seconds(decorator.attributes))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    times = whole(decorator.attributes["times"])
    if times is None or times < 0:
        yield value_error(
            decorator,
            "times",
            "it is the number of times that a failed task is run again",
            "give a whole number from 0 to 4",
        )
    elif times > MAX_TIMES:
        yield value_error(decorator, "times", "the maximum number of retries is 4", "write `@retry(times=4)`")
    minutes = number(decorator.attributes["minutes_between_retries"])
    if minutes is None or minutes < 0:
        yield value_error(
            decorator, "minutes_between_retries", "it is a time to wait", "give a number of minutes, 0 or more"
        )
