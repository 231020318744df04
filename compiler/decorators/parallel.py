"""`@parallel`: marks a step that `num_parallel` starts several times, at the same time, with every task knowing the others.

A local run starts them at the same time.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Decorator, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {}
GANG = True
WHY = "its tasks must run at the same time and know of each other"
HOW = "use `foreach` over a list of that length, if the tasks do not need each other"


@record
class Parallel:
    """That the step's tasks run together."""


def read(_decorator: Decorator) -> Parallel:
    """Returns what the decorator says: nothing more."""
    return Parallel()
