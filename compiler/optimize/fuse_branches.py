"""Fuse branches: a split whose branches are each one container becomes one with them and their join.

Inside, the branches run at the same time as far as the container's cores allow.

    >>> from .sketch import draft, shown, step
    >>> shown(fuse_branches(draft("start > a, b; a > &join; b > &join; join > end")))
    'start+a+b+join > end; end'
    >>> shown(fuse_branches(draft("start > a, b; a > &join; b > &join; join > end", None, step("b", image="torch"))))
    'start > a, b; a > &join; b > &join; join > end; end'
"""

from __future__ import annotations

from ..ir.nodes import Linear, Split
from .draft import before, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Step
    from .draft import Draft


def fuse_branches(draft: Draft) -> Draft:
    """Returns the draft with each split whose branches are ready for it as one container."""
    previous = before(draft.steps)
    groups = []
    taken: set[str] = set()
    for step in draft.steps.values():
        several = _branches(draft, previous, step)
        if several and taken.isdisjoint(several):
            taken.update(several)
            groups.append(several)
    return united(draft, groups)


def _branches(draft: Draft, previous: dict[str, set[str]], step: Step) -> tuple[str, ...]:
    """Returns the step, its branches and their join, if they may be one container; otherwise ()."""
    if not isinstance(step.transition, Split):
        return ()
    if not draft.rules.settings.may_branch(draft.containers[step.name].steps[-1]):
        return ()
    branches = step.transition.targets
    joins = {
        transition.target
        for transition in (draft.steps[branch].transition for branch in branches)
        if isinstance(transition, Linear)
    }
    is_ready = all(
        previous[branch] == {step.name} and isinstance(draft.steps[branch].transition, Linear) for branch in branches
    )
    if not is_ready or len(joins) != 1:
        return ()
    join = joins.pop()
    if not draft.steps[join].is_join or previous[join] != set(branches):
        return ()
    several = (step.name, *branches, join)
    return several if draft.together(*several) else ()
