"""The tasks that come after a task, from the graph and the task's own record.

`lineage.py` finds those that come before.
"""

from __future__ import annotations

from typing import List, Tuple

from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.graph import Graph
from flowc.runtime_shim.contract.record import Record


def of(graph: Graph, done: Record) -> List[Tuple[str, str]]:
    """Returns (step, path) of the tasks that continue the one with this record.

    The highest index comes first, as in listings of tasks.
    """
    if done.splits is not None:
        return [(done.next[0], address.child(done.path, index)) for index in range(done.splits - 1, -1, -1)]
    return [(target, _path(graph, done, target)) for target in done.next]


def _path(graph: Graph, done: Record, target: str) -> str:
    if target == done.step:
        return address.next_visit(done.path)
    node = graph.closes.get(target)
    if node is not None and node["kind"] != "branches":
        return address.parent(done.path)
    return address.leave(done.path)
