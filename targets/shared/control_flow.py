"""The conditions for running each step: the fold over scopes that every target with a DAG shares.

An engine that runs a DAG knows tasks and their dependencies, but no scopes. `needs` returns the dependencies of each
step, in terms of other steps only. A target puts its own names in the place of steps, and adds what its engine has no
edges for: the tasks of a foreach, and the ways that a switch does not take.

    start ─┬─ a ──┬─ join      needs(…)["join"] == [[[Edge("a")], [Edge("b")]]]           a and b
           └─ b ──┘
    choose ─┬─ x ─┬─ end       needs(…)["x"] == [[[Edge("choose", "x")]]]                 choose, if it chose x
            └─────┘            needs(…)["end"] == [[[Edge("choose", "end")]], [[Edge("x")]]]
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, ForEach, Switch
from flowc.compiler.ir.scopes import exits, inner, predecessors, successors, targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from flowc.compiler.ir.nodes import Node, Scope, Step

    # Any of these ways; each way is all of … any of these edges. A step that needs nothing has no way.
    Need: TypeAlias = list[list[list["Edge"]]]


@record
class Edge:
    """A condition: the task of `step` has succeeded and, if `chosen` is not empty, has chosen that step."""

    step: str
    chosen: str = ""
    foreach: str = ""  # the step whose foreach ends with this edge, once for each item; all items must have ended


def chooses(step: Step) -> bool:
    """Returns True for a switch that may go on to more than one step. A loop's next visit does not count."""
    return isinstance(step.transition, Switch) and len([target for target in targets(step) if target != step.name]) > 1


def needs(scope: Scope, steps: Mapping[str, Step]) -> dict[str, Need]:
    """Returns what each step of the scope, at any depth, needs before it runs. `steps` is by name.

    The entry of the scope, and that of a foreach's body, needs nothing: whatever holds the scope waits for it. The
    entry of a branch needs the step that splits. A loop needs what its first visit needs.
    """
    needs_by_step: dict[str, Need] = {scope.entry: []}
    waiting = [scope]
    while waiting:
        current = waiting.pop()
        before = predecessors(current, steps)
        for node in current.nodes:
            if node.step != current.entry:
                needs_by_step[node.step] = [_after(earlier, node.step, steps) for earlier in before[node.step]]
            for inside in inner(node):
                needs_by_step[inside.entry] = [[[Edge(node.step)]]] if isinstance(node, Branches) else []
                waiting.append(inside)
    return needs_by_step


def _after(node: Node, target: str, steps: Mapping[str, Step]) -> list[list[Edge]]:
    """Returns the edges from the node to `target`: all of … any of these edges."""
    match node:
        case Branches(scopes=several):
            return [_exits(scope, target, steps) for scope in several]
        case ForEach(step=step, body=body):
            return [_exits(body, target, steps, step)]
        case _:
            return [[Edge(node.step, target if chooses(steps[node.step]) else "")]]


def _exits(scope: Scope, join: str, steps: Mapping[str, Step], foreach: str = "") -> list[Edge]:
    """Returns the edges from a scope to its join. They belong to tasks, none of which chooses (FLOW212)."""
    return [Edge(node.step, "", foreach) for node in exits(scope, steps) if join in successors(node, steps)]
