"""Loops: a step that may choose itself becomes a container that runs all of its visits.

What remains of its switch are the ways out. A killed container goes on with the first visit that has no record.

    >>> from .sketch import draft, shown
    >>> shown(loops(draft("start > again > again | end")))
    'start > (again); (again) > end; end'
    >>> shown(loops(draft("start > again > again | a | b; a > end; b > end")))
    'start > (again); (again) > a | b; a > end; b > end; end'
"""

from __future__ import annotations

from ..fast_start.record import replace
from ..ir.scopes import is_loop
from .draft import ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft


def loops(draft: Draft) -> Draft:
    """Returns the draft with each loop that the settings allow in one container."""
    steps, containers = dict(draft.steps), dict(draft.containers)
    for name, step in draft.steps.items():
        if is_loop(step) and name not in draft.rules.alone and draft.rules.settings.may_loop(name):
            transition = ending(draft, (name,))
            if transition is not None:
                steps[name] = replace(step, transition=transition)
                containers[name] = replace(containers[name], is_loop=True)
    return replace(draft, steps=steps, containers=containers) if containers != draft.containers else draft
