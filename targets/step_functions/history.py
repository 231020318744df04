"""The room in the history of an execution: it holds the items of inline Maps, but not those of distributed ones.

An execution fails when its history has 25,000 events (AWS Step Functions, quotas), whatever has run by then. So the job
of a step with an inline foreach knows how many items that history has room for. If there are more, it fails before the
first of them begins (docs/shim.md).
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, ForEach, Switch
from flowc.compiler.ir.scopes import is_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowc.compiler.ir.nodes import Scope, Step

HISTORY = 25_000  # events of one execution
# Events of them that are planned. The others are for jobs that Batch refuses at first, and for a redrive, which
# continues the same history.
USED = 20_000
# Iterations of an inline Map that run at a time (AWS Step Functions Developer Guide, Map state processing modes).
INLINE_WORKERS = 40

# Events in the history of an execution, by their types: a state is entered and exited; a task is scheduled, started and
# succeeds; a job is also submitted; a Map and a Parallel state start and succeed.
_JOB, _READ, _OTHER, _SEVERAL = 6, 5, 2, 4
_ITERATION = 2  # of a Map: started, succeeded
_SWITCH = _JOB + _READ + 2 * _OTHER  # its job, its outcome, the choice, and where it goes to
_TURNS = 4  # assumed for a loop: only a run knows their number


@record
class Room:
    """The room that the history of its execution has for the items of one foreach."""

    items: int  # of all its tasks in that execution
    around: tuple[str, ...]  # steps of the foreaches around it whose items are in the same execution, outermost first

    def variables(self, step: str) -> dict[str, str]:
        """Returns the environment variables that tell the step's job (docs/shim.md)."""
        reason = (
            f"the history of an execution of Step Functions has at most {HISTORY} events, and {self.items} items of "
            f"this foreach may fill their part of it; compile with `--map {step}=distributed`, where each item has a "
            "history of its own, with `--optimize`, where a job runs several items, or make fewer and larger items"
        )
        limit = {"FLOWC_MAX_SPLITS": str(self.items), "FLOWC_MAX_SPLITS_REASON": reason}
        return {**limit, "FLOWC_MAX_SPLITS_LEVELS": str(len(self.around))} if self.around else limit


def rooms(scope: Scope, steps: Mapping[str, Step], apart: frozenset[str]) -> dict[str, Room]:
    """Returns the room of each inline foreach, by its step. `apart` are the distributed ones.

    All inline foreaches of one execution get equal parts of its history.
    """
    rooms_by_step: dict[str, Room] = {}
    _execution(scope, steps, apart, rooms_by_step)
    return rooms_by_step


def _execution(scope: Scope, steps: Mapping[str, Step], apart: frozenset[str], rooms: dict[str, Room]) -> None:
    """Fills `rooms` for one execution: that of the machine, or that of an item of a distributed Map."""
    inside = list(_inline(scope, apart, ()))
    share = max(0, USED - _events(scope, steps, apart)) // max(1, len(inside))
    for node, around in inside:
        rooms[node.step] = Room(max(1, share // (_ITERATION + _events(node.body, steps, apart))), around)
    for body in _separate(scope, apart):
        _execution(body, steps, apart, rooms)


def _inline(scope: Scope, apart: frozenset[str], around: tuple[str, ...]) -> Iterator[tuple[ForEach, tuple[str, ...]]]:
    """Yields the inline foreaches of one execution, each with the steps of the foreaches around it."""
    for node in scope.nodes:
        if isinstance(node, ForEach) and node.step not in apart:
            yield node, around
            yield from _inline(node.body, apart, (*around, node.step))
        elif isinstance(node, Branches):
            for branch in node.scopes:
                yield from _inline(branch, apart, around)


def _separate(scope: Scope, apart: frozenset[str]) -> Iterator[Scope]:
    """Yields the foreach bodies whose items are executions of their own, started by this one."""
    for node in scope.nodes:
        if isinstance(node, ForEach):
            yield from (node.body,) if node.step in apart else _separate(node.body, apart)
        elif isinstance(node, Branches):
            for branch in node.scopes:
                yield from _separate(branch, apart)


def _events(scope: Scope, steps: Mapping[str, Step], apart: frozenset[str]) -> int:
    """Returns the number of events of the scope's states, without the items of its foreaches."""
    count = 0
    for node in scope.nodes:
        if isinstance(node, ForEach):
            count += _JOB + _SEVERAL + (0 if node.step in apart else _READ)
        elif isinstance(node, Branches):
            count += _JOB + _SEVERAL + sum(_events(branch, steps, apart) for branch in node.scopes)
        elif isinstance(steps[node.step].transition, Switch):
            count += (_SWITCH + _OTHER) * _TURNS if is_loop(steps[node.step]) else _SWITCH
        else:
            count += _JOB
    return count
