"""Fuse switches: a case that nothing else leads to joins the container of its switch.

Control may then leave the container to several steps: the container ends with a switch on their names, or goes on to
the one step if all ways lead there. A case that begins a foreach or a split stays outside, since a container ends with
one transition.

    >>> from .sketch import draft, shown, step
    >>> shown(fuse_switches(draft("start > a | b; a > end; b > end")))
    'start+a+b > end; end'
    >>> shown(fuse_switches(draft("start > a | b; a > end; b > end", None, step("b", image="torch"))))
    'start+a > b | end; b > end; end'
    >>> shown(fuse_switches(draft("start > a | b; a > *c; c > &d; d > end; b > end")))
    'start+b > a | end; a > *c; c > &d; d > end; end'
"""

from __future__ import annotations

from ..ir.nodes import Switch
from ..ir.scopes import targets
from .draft import before, ending, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .draft import Draft


def fuse_switches(draft: Draft) -> Draft:
    """Returns the draft with the cases of switches in their containers, as far as they may be."""
    previous = before(draft.steps)
    groups: list[tuple[str, ...]] = []
    taken: set[str] = set()
    for name, step in draft.steps.items():
        if name in taken or not isinstance(step.transition, Switch):
            continue
        cases = [
            target
            for target in targets(step)
            if target not in taken and previous[target] == {name} and draft.together(name, target)
        ]
        group = _with(draft, name, cases)
        if len(group) > 1:
            groups.append(group)
            taken.update(group)
    return united(draft, groups)


def _with(draft: Draft, switch: str, cases: list[str]) -> tuple[str, ...]:
    """Returns the switch with all of the cases, or if they do not end as one, with each that does beside the others."""
    if ending(draft, (switch, *cases)) is not None:
        return (switch, *cases)
    group: tuple[str, ...] = (switch,)
    for case in cases:
        if ending(draft, (*group, case)) is not None:
            group = (*group, case)
    return group
