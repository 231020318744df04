"""Finding what waits for itself, for the validators of targets whose specs are acyclic."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def circle(before: Mapping[str, Iterable[str]]) -> list[str]:
    """Returns the names that wait for each other in a circle, or for such, sorted; empty if none do.

    `before` maps a name to those that come before it; one that is no key itself waits for nothing.
    """
    left = {name: {each for each in several if each in before} for name, several in before.items()}
    while free := [name for name, several in left.items() if not several]:
        for name in free:
            del left[name]
        for several in left.values():
            several.difference_update(free)
    return sorted(left)
