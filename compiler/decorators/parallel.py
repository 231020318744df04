"""`@parallel`: marks a step whose tasks run at the same time and know each other. `num_parallel` starts them.

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
    """Marks a step whose tasks run together."""


def read(_decorator: Decorator) -> Parallel:
    """Returns the record, which holds no values."""
    return Parallel()
