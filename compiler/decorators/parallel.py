"""`@parallel`: marks a step that `num_parallel` starts several times, at the same time, with every task knowing the others.

That the two go together is a rule of the graph (checks/parallel.py).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {}
WHY = "its tasks must run at the same time and know of each other"
HOW = "use `foreach` over a list of that length, if the tasks do not need each other"
