"""How each foreach runs: as an inline Map, whose items are part of the execution's history, or as a distributed one, whose items have their own.

An execution ends when its history has 25,000 events (AWS Step Functions, quotas), whatever has run by then. So the job of a step with an inline
foreach is told how many items that history has room for, and fails before the first of them has begun when there are more (docs/shim.md).
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, ForEach, Switch
from flowc.compiler.ir.scopes import is_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowc.compiler.ir.nodes import Scope, Step

MODES = ("auto", "inline", "distributed")
HISTORY = 25_000  # events of one execution
USED = 20_000  # of them; the others are for jobs that Batch refuses at first, and for a redrive, which goes on with the same history
INLINE_WORKERS = 40  # iterations of an inline Map that run at a time (AWS Step Functions Developer Guide, Map state processing modes)

# Events in the history of an execution, counted from their types: a state is entered and exited; a task is scheduled, started and succeeds, and a
# job is submitted too; a Map and a Parallel state start and succeed.
_JOB, _READ, _OTHER, _SEVERAL = 6, 5, 2, 4
_ITERATION = 2  # of a Map: started, succeeded
_SWITCH = _JOB + _READ + 2 * _OTHER  # its job, its outcome, the choice, and where it goes to
_TURNS = 4  # of a loop, whose number only a run knows


@record
class Choice:
    """What `--map` says: the mode of the foreaches, and those of the steps that it names."""

    general: str
    of_step: Mapping[str, str]

    def mode(self, step: str, is_nested: bool) -> str:
        """Returns the mode of the step's foreach. Distributed in general are the outermost: these have brought the others histories of their own."""
        return self.of_step.get(step, "inline" if is_nested and self.general == "distributed" else self.general)


class BadMap(ValueError):
    """A value of `--map` that cannot be read; `str` says why."""


def choice(text: str) -> Choice:
    """Returns what the option `--map` says, as in `inline`, or `distributed,STEP=inline`. Raises BadMap."""
    general, of_step = "auto", {}
    for part in text.split(","):
        step, equals, mode = part.strip().rpartition("=")
        if mode not in MODES:
            raise BadMap(f"`{mode}` is none of {', '.join(f'`{each}`' for each in MODES)}")
        if equals:
            of_step[step] = mode
        else:
            general = mode
    return Choice(general, of_step)


@record
class Room:
    """What the history of its execution has room for, of the items of one foreach."""

    items: int  # of all its tasks in that execution
    around: tuple[str, ...]  # steps of the foreaches around it whose items are in the same execution, outermost first

    def variables(self, step: str) -> dict[str, str]:
        """Returns what the step's job is told (docs/shim.md)."""
        reason = (
            f"the history of an execution of Step Functions has at most {HISTORY} events, and {self.items} items of this foreach may fill their part "
            f"of it; compile with `--map {step}=distributed`, where each item has a history of its own, or make fewer and larger items"
        )
        found = {"FLOWC_MAX_SPLITS": str(self.items), "FLOWC_MAX_SPLITS_REASON": reason}
        return {**found, "FLOWC_MAX_SPLITS_LEVELS": str(len(self.around))} if self.around else found


def modes(scope: Scope, chosen: Choice) -> dict[str, str]:
    """Returns the mode of each foreach by its step: "auto", "inline" or "distributed"."""
    return {node.step: chosen.mode(node.step, is_nested) for node, is_nested in _foreaches(scope, False)}


def rooms(scope: Scope, steps: Mapping[str, Step], apart: frozenset[str]) -> dict[str, Room]:
    """Returns the room of each inline foreach, by its step: all of one execution have equal parts of it. `apart` are the distributed ones."""
    found: dict[str, Room] = {}
    _execution(scope, steps, apart, found)
    return found


def _execution(scope: Scope, steps: Mapping[str, Step], apart: frozenset[str], found: dict[str, Room]) -> None:
    """The foreaches of one execution, which is the machine's or that of an item of a distributed Map."""
    inside = list(_inline(scope, apart, ()))
    share = max(0, USED - _events(scope, steps, apart)) // max(1, len(inside))
    for node, around in inside:
        found[node.step] = Room(max(1, share // (_ITERATION + _events(node.body, steps, apart))), around)
    for body in _separate(scope, apart):
        _execution(body, steps, apart, found)


def _inline(scope: Scope, apart: frozenset[str], around: tuple[str, ...]) -> Iterator[tuple[ForEach, tuple[str, ...]]]:
    """The inline foreaches of one execution, with the steps of those around each."""
    for node in scope.nodes:
        if isinstance(node, ForEach) and node.step not in apart:
            yield node, around
            yield from _inline(node.body, apart, (*around, node.step))
        elif isinstance(node, Branches):
            for each in node.scopes:
                yield from _inline(each, apart, around)


def _separate(scope: Scope, apart: frozenset[str]) -> Iterator[Scope]:
    """The bodies whose items are executions of their own, started by this one."""
    for node in scope.nodes:
        if isinstance(node, ForEach):
            yield from (node.body,) if node.step in apart else _separate(node.body, apart)
        elif isinstance(node, Branches):
            for each in node.scopes:
                yield from _separate(each, apart)


def _foreaches(scope: Scope, is_nested: bool) -> Iterator[tuple[ForEach, bool]]:
    for node in scope.nodes:
        if isinstance(node, ForEach):
            yield node, is_nested
            yield from _foreaches(node.body, True)
        elif isinstance(node, Branches):
            for each in node.scopes:
                yield from _foreaches(each, is_nested)


def _events(scope: Scope, steps: Mapping[str, Step], apart: frozenset[str]) -> int:
    """How many events the states of a scope make, without the items of its foreaches."""
    found = 0
    for node in scope.nodes:
        if isinstance(node, ForEach):
            found += _JOB + _SEVERAL + (0 if node.step in apart else _READ)
        elif isinstance(node, Branches):
            found += _JOB + _SEVERAL + sum(_events(each, steps, apart) for each in node.scopes)
        elif isinstance(steps[node.step].transition, Switch):
            found += (_SWITCH + _OTHER) * _TURNS if is_loop(steps[node.step]) else _SWITCH
        else:
            found += _JOB
    return found
