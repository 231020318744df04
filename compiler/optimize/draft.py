"""`Draft`: a flow of containers in the making, and what every rewrite does with it.

A draft is a value: a rewrite returns a new one, or the one that it was given if there is nothing to do. Its graph has
one step for each container. It is contracted step by step: `unite` puts containers together.
"""

from __future__ import annotations

from ..fast_start.record import record, replace
from ..ir.nodes import Case, End, ForEach, Foreach, Linear, Switch
from ..ir.scopes import is_loop, scopes, targets, walk
from .containers import Container
from .same_container import difference, size_difference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..ir.nodes import Flow, Step, Transition
    from .same_container import Shape
    from .settings import Settings


@record
class Rules:
    """What decides, for one target, if containers may be put together."""

    settings: Settings
    shapes: Mapping[str, Shape]  # of every step of the flow as written
    alone: frozenset[str]  # steps that never share their container
    widths: Mapping[str, int]  # step → number of items of its foreach, if known
    around: Mapping[str, str] = {}  # step with a foreach in another one's body → the step with the innermost of these

    def apart(self, first: str, second: str) -> str:
        """Returns why two steps cannot share a container; "" if they can."""
        for name in (first, second):
            if name in self.alone:
                return f"the tasks of `{name}` run together with others, each in a container of its own"
        for name in (first, second):
            if not self.settings.may_fuse(name):
                return f"the settings have `fuse = false` for `{name}`"
        mine, theirs = self.shapes[first], self.shapes[second]
        if mine == theirs:
            return ""
        if self.settings.may_differ(first, second):
            theirs = replace(theirs, size=mine.size)
        different = difference(mine, theirs)
        if not different:
            return ""
        if size_difference(mine.size, theirs.size) != different:
            return f"`{first}` and `{second}` have a different {different}"
        with_it = [name for name, one in ((first, mine), (second, theirs)) if different in dict(one.size)]
        if len(with_it) == 1:
            return f"only `{with_it[0]}` asks for an amount of {different}"
        return f"`{first}` and `{second}` have a different amount of {different}"


@record
class Draft:
    """A flow of containers in the making."""

    flow: Flow  # as written
    steps: Mapping[str, Step]  # of the graph of containers, in the order of the flow's; decorators are not merged yet
    containers: Mapping[str, Container]  # of each of them
    rules: Rules

    def together(self, *names: str) -> bool:
        """Returns True if all these containers may be one."""
        first, *others = names
        is_chunk = self.containers[first].is_chunk
        if any(is_loop(self.steps[name]) for name in names):
            return False  # its visits are containers of their own
        return all(self.containers[name].is_chunk == is_chunk for name in others) and not any(
            self.rules.apart(first, name) for name in others
        )


def begun(flow: Flow, rules: Rules) -> Draft:
    """Returns the draft in which each step has a container of its own."""
    steps = flow.by_name
    return Draft(flow, steps, {name: Container((name,)) for name in steps}, replace(rules, around=_around(flow)))


def _around(flow: Flow) -> dict[str, str]:
    """Returns, for each step with a foreach in another one's body, the step with the innermost of these."""
    around: dict[str, str] = {}
    if sum(isinstance(step.transition, Foreach) for step in flow.steps) > 1:
        for _, outer, _ in walk(scopes(flow)):  # outer ones first
            if isinstance(outer, ForEach):
                around.update((node.step, outer.step) for _, node, _ in walk(outer.body) if isinstance(node, ForEach))
    return around


def before(steps: Mapping[str, Step]) -> dict[str, set[str]]:
    """Returns the steps that name each step in their transitions; a loop is not its own predecessor."""
    names: dict[str, set[str]] = {name: set() for name in steps}
    for step in steps.values():
        for target in targets(step):
            if target != step.name:
                names[target].add(step.name)
    return names


def ending(draft: Draft, names: Iterable[str]) -> Transition | None:
    """Returns the one transition with which these containers end, put together; None if there is no such one.

    Control that may leave to several steps is a switch on their names.
    """
    inside = set(names)
    leaving: list[Transition] = []
    outside: dict[str, Transition] = {}  # target of a linear step or a switch → the first that leads there
    for name in names:
        step = draft.steps[name]
        transition = step.transition
        targets_outside = [target for target in targets(step) if target not in inside]
        if isinstance(transition, (Linear, Switch)):
            for target in targets_outside:
                outside.setdefault(target, transition)
        elif isinstance(transition, End) or targets_outside:
            leaving.append(transition)
    if leaving:
        return leaving[0] if len(leaving) == 1 and not outside else None
    if len(outside) == 1:
        ((target, transition),) = outside.items()
        return Linear(target, transition.span)  # type: ignore[union-attr]
    if not outside or any(draft.steps[target].is_join for target in outside):
        return None  # nothing but a chosen step may follow a choice
    switch = next((one for one in outside.values() if isinstance(one, Switch)), None)
    spans = {target: transition.span for target, transition in outside.items()}  # type: ignore[union-attr]
    return Switch(
        switch.on if switch is not None else "",
        tuple(Case(target, target, span) for target, span in spans.items()),
        next(iter(spans.values())),
    )


def united(draft: Draft, groups: Sequence[tuple[str, ...]]) -> Draft:
    """Returns the draft in which each group of containers is one, named after its first.

    Each must have an ending. The last container of a group is the one whose foreach, if any, the group ends with.
    """
    if not groups:
        return draft
    steps, containers = dict(draft.steps), dict(draft.containers)
    for names in groups:
        transition = ending(draft, names)
        assert transition is not None, names
        first, last = containers[names[0]], containers[names[-1]]
        inside = tuple(step for name in names for step in containers[name].steps)
        steps[names[0]] = replace(steps[names[0]], transition=transition)
        containers[names[0]] = Container(inside, last.items, last.containers, first.is_chunk)
        for name in names[1:]:
            del steps[name], containers[name]
    return replace(draft, steps=steps, containers=containers)
