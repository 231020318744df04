"""Fuse foreaches: a foreach whose body is one container becomes one with its step and its join.

This gives up that items run on several machines. So it is done only if the settings ask for it (`together`), if the
foreach is known to have few items, or if it is in the body of one that can be divided instead: divided itself, it would
have its containers for each item of the outer one. Inside, items run at the same time as far as the container's cores
allow.

    >>> from .sketch import draft, shown
    >>> shown(fuse_foreaches(draft("start > *fit > &join > end")))
    'start > *fit; fit > &join; join > end; end'
    >>> shown(fuse_foreaches(draft("start > *fit > &join > end", widths={"start": 3})))
    'start+fit+join > end; end'
    >>> nested = "start > *row > *cell > &cells > &rows > end"
    >>> shown(fuse_foreaches(draft(nested)))
    'start > *row+cell+cells; row+cell+cells > &rows; rows > end; end'
    >>> shown(fuse_foreaches(draft(nested, widths={"start": 10})))  # ten machines, or more if `cell` is divided
    'start > *row; row > *cell; cell > &cells; cells > &rows; rows > end; end'
"""

from __future__ import annotations

from ..ir.nodes import Foreach, Linear
from .draft import before, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Step
    from .draft import Draft

FEW = 4  # items


def fuse_foreaches(draft: Draft) -> Draft:
    """Returns the draft with each foreach that shall be one container as one."""
    previous = before(draft.steps)
    groups = []
    taken: set[str] = set()
    for step in draft.steps.values():
        several = _foreach(draft, previous, step)
        if several and taken.isdisjoint(several):
            taken.update(several)
            groups.append(several)
    return united(draft, groups)


def is_wanted(draft: Draft, head: Step) -> bool:
    """Returns True if all of the foreach with which the container of the step ends shall share it."""
    assert isinstance(head.transition, Foreach)
    wanted = draft.rules.settings.is_together(head.transition.target)
    if wanted is not None:
        return wanted
    if not draft.rules.settings.fuse:
        return False
    written = draft.containers[head.name].steps[-1]
    width = draft.rules.widths.get(written)
    return (width is not None and width <= FEW) or _is_inner(draft, written, head.transition.target)


def _is_inner(draft: Draft, head: str, first: str) -> bool:
    """Returns True for a foreach around which another one has so many items, perhaps, that it is divided by itself.

    `first` is the step with which the items begin.
    """
    rules = draft.rules
    outer = rules.around.get(head)
    own = rules.settings.of(first)
    if outer is None or not rules.settings.containers or (own.items, own.containers) != (None, None):
        return False
    return rules.widths.get(outer, rules.settings.containers + 1) > rules.settings.containers


def _foreach(draft: Draft, previous: dict[str, set[str]], step: Step) -> tuple[str, ...]:
    """Returns the step, its body and its join, if they shall be one container; otherwise ()."""
    if not isinstance(step.transition, Foreach) or not is_wanted(draft, step):
        return ()
    body = draft.steps[step.transition.target]
    if not isinstance(body.transition, Linear) or draft.containers[body.name].is_chunk:
        return ()
    join = body.transition.target
    several = (step.name, body.name, join)
    is_whole = previous[body.name] == {step.name} and draft.steps[join].is_join and previous[join] == {body.name}
    return several if is_whole and draft.together(*several) else ()
