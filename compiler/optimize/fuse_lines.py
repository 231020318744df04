"""Fuse lines: containers that follow one another become one.

A container joins the one before it if it has no other predecessor. The line may end with any transition, so the step
that begins a foreach, a split or a switch may be its last.

    >>> from .sketch import draft, shown, step
    >>> shown(fuse_lines(draft("start > load > fit > end")))
    'start+load+fit+end'
    >>> shown(fuse_lines(draft("start > load > *fit > &join > end")))
    'start+load > *fit; fit > &join+end; join+end'
    >>> shown(fuse_lines(draft("start > fit > end", None, step("fit", image="torch"))))
    'start > fit; fit > end; end'
"""

from __future__ import annotations

from ..ir.nodes import Linear
from .draft import before, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft


def fuse_lines(draft: Draft) -> Draft:
    """Returns the draft with each line of containers that may be one as one."""
    previous = before(draft.steps)
    groups: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for name in draft.steps:
        if name in seen or _follows(draft, previous, name):
            continue
        line = [name]
        while (following := _next(draft, previous, line[-1])) is not None:
            line.append(following)
        seen.update(line)
        if len(line) > 1:
            groups.append(tuple(line))
    return united(draft, groups)


def _next(draft: Draft, previous: dict[str, set[str]], name: str) -> str | None:
    """Returns the container that joins that of the step, or None."""
    transition = draft.steps[name].transition
    if not isinstance(transition, Linear):
        return None
    target = transition.target
    if draft.steps[target].is_join or previous[target] != {name} or not draft.together(name, target):
        return None
    return target


def _follows(draft: Draft, previous: dict[str, set[str]], name: str) -> bool:
    """Returns True if the step's container joins the one before it."""
    return len(previous[name]) == 1 and _next(draft, previous, next(iter(previous[name]))) == name
