"""Finds cycles, for the validators of targets whose specs must be acyclic."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def cycle(before: Mapping[str, Iterable[str]]) -> list[str]:
    """Returns the names that are in a cycle or wait for one, sorted; empty if there is no cycle.

    `before` maps a name to those that come before it. A name that is not a key waits for nothing.
    """
    waiting = {name: {other for other in others if other in before} for name, others in before.items()}
    while free := [name for name, others in waiting.items() if not others]:
        for name in free:
            del waiting[name]
        for others in waiting.values():
            others.difference_update(free)
    return sorted(waiting)
