"""Fuse foreaches: a foreach whose body is one container becomes one with its step and its join.

This gives up that items run on several machines. So it is done only if the settings ask for it (`together`), or if the
foreach is known to have few items. Inside, items run at the same time as far as the container's cores allow.

    >>> from .sketch import draft, shown
    >>> shown(fuse_foreaches(draft("start > *fit > &join > end")))
    'start > *fit; fit > &join; join > end; end'
    >>> shown(fuse_foreaches(draft("start > *fit > &join > end", widths={"start": 3})))
    'start+fit+join > end; end'
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
    width = draft.rules.widths.get(draft.containers[head.name].steps[-1])
    return draft.rules.settings.fuse and width is not None and width <= FEW


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
