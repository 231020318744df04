"""Chunk: the items of a foreach run several to a container.

The container that begins the foreach divides its items when it has counted them. Each container of the body then runs
its steps for a range of items. So the body must be plain containers, one after the other or in branches: a switch or a
foreach between containers would differ from item to item.

    >>> from .sketch import draft, shown
    >>> shown(chunk(draft("start > *fit > &join > end")))
    'start > *[fit] (16 containers); [fit] > &join; join > end; end'
    >>> shown(chunk(draft("start > *a > b | c; b > d; c > d; d > &join > end"))).count("[")
    0
"""

from __future__ import annotations

from ..fast_start.record import replace
from ..ir.nodes import ForEach, Foreach, Switch
from ..ir.scopes import scopes, walk
from .fuse_foreaches import is_wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Scope, Step
    from .draft import Draft


def chunk(draft: Draft) -> Draft:
    """Returns the draft with each foreach divided that the settings allow and whose body is simple enough."""
    containers = dict(draft.containers)
    for _, node, _ in walk(scope_of(draft)):
        if isinstance(node, ForEach) and not undivided(draft, node):
            head = draft.steps[node.step]
            items, most = division(draft, head)
            containers[node.step] = replace(containers[node.step], items=items, containers=most)
            for _, inside, _ in walk(node.body):
                containers[inside.step] = replace(containers[inside.step], is_chunk=True)
    return replace(draft, containers=containers) if containers != draft.containers else draft


def undivided(draft: Draft, node: ForEach) -> str:
    """Returns why the foreach is not divided; "" if it is."""
    head = draft.steps[node.step]
    if not isinstance(head.transition, Foreach):
        return "its tasks run together"
    items, most = division(draft, head)
    if not items and not most:
        return "the settings do not divide it"
    width = draft.rules.widths.get(draft.containers[node.step].steps[-1])
    if width is not None and chunk_size(width, items, most) <= 1:
        return f"each of its {width:,} items has a container of its own" if width != 1 else "it has one item"
    return _obstacle(draft, node.body)


def division(draft: Draft, head: Step) -> tuple[int, int]:
    """Returns the least items in a container and the most containers of the foreach that the container ends with."""
    assert isinstance(head.transition, Foreach)
    return draft.rules.settings.division(head.transition.target)


def chunk_size(width: int, items: int, most: int) -> int:
    """Returns the number of items in each container of a foreach (docs/decisions, 18)."""
    return max(items, -(-width // most) if most else 1, 1)


def scope_of(draft: Draft) -> Scope:
    """Returns the outermost scope of the draft's graph."""
    return scopes(replace(draft.flow, steps=tuple(draft.steps.values())))


def _obstacle(draft: Draft, body: Scope) -> str:
    for _, node, _ in walk(body):
        transition = draft.steps[node.step].transition
        if isinstance(transition, Switch):
            return f"the items part at the switch of `{node.step}`, which is not in one container with its cases"
        if isinstance(node, ForEach):
            return f"the foreach of `{node.step}` inside is not in one container"
        if node.step in draft.rules.alone:
            return f"the tasks of `{node.step}` run together"
    return ""


__all__ = ["chunk", "chunk_size", "division", "is_wanted", "scope_of", "undivided"]
