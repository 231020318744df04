"""The reasons why containers are not put together, for people who look at a flow of containers.

>>> from .optimize import optimized
>>> from .sketch import sketched, step
>>> flow = sketched("start > fit > *test > &join > end", {"fit": step("fit", image="torch")})
>>> for apart in reasons(optimized(flow).draft):
...     print(apart.first, apart.second, apart.why)
start fit `start` and `fit` have a different `@kubernetes`
fit test `fit` and `test` have a different `@kubernetes`
test join `join` waits for all items of the foreach
"""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import ForEach, Foreach, Linear, Split, Switch, Task
from ..ir.scopes import is_loop, targets, walk
from .chunk import scope_of, undivided
from .draft import before, ending
from .fuse_foreaches import is_wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Step
    from .draft import Draft


@record
class Apart:
    """Two containers, one after the other, that are not one."""

    first: str
    second: str
    why: str  # one sentence, without a full stop


def reasons(draft: Draft) -> tuple[Apart, ...]:
    """Returns the reason for each two containers of a finished draft of which one follows the other, in order."""
    previous = before(draft.steps)
    openers = _openers(draft)
    several = []
    for step in draft.steps.values():
        for target in targets(step):
            if target != step.name:
                several.append(Apart(step.name, target, _why(draft, previous, openers, step, target)))
    return tuple(several)


def not_divided(draft: Draft) -> tuple[tuple[str, str], ...]:
    """Returns the container that begins each foreach that is not divided, and the reason."""
    several = []
    for _, node, _ in walk(scope_of(draft)):
        if isinstance(node, ForEach) and node.step not in draft.rules.alone:
            container = draft.containers[node.step]
            why = "" if container.items or container.containers else undivided(draft, node)
            if why:
                several.append((node.step, why))
    return tuple(several)


def _openers(draft: Draft) -> dict[str, str]:
    """Returns, for each join, the container with the split or the foreach that it closes."""
    return {node.join: node.step for _, node, _ in walk(scope_of(draft)) if not isinstance(node, Task)}


def _why(draft: Draft, previous: dict[str, set[str]], openers: dict[str, str], step: Step, target: str) -> str:
    if is_loop(step) or is_loop(draft.steps[target]):
        loop = step.name if is_loop(step) else target
        return f"each visit of the loop `{loop}` has a container of its own"
    last, first = draft.containers[step.name].steps[-1], target
    different = draft.rules.apart(last, first)
    if different:
        return different
    if draft.steps[target].is_join:
        opener = draft.steps[openers[target]]
        if isinstance(opener.transition, Foreach):
            return f"`{target}` waits for all items of the foreach"
        return _of_split(draft, previous, opener, target)
    if isinstance(step.transition, Foreach):
        if is_wanted(draft, step):
            return f"the items that begin with `{target}` are not one container with what follows"
        return "the items of the foreach run in containers of their own"
    if isinstance(step.transition, Split):
        return _of_split(draft, previous, step, _join_of(openers, step.name))
    others = sorted(previous[target] - {step.name})
    if others:
        return f"`{target}` follows `{others[0]}` too"
    if isinstance(step.transition, Switch) and ending(draft, (step.name, target)) is None:
        return f"a container with `{target}` would end in more than one way"
    return "one of them runs several items of a foreach, and the other does not"


def _of_split(draft: Draft, previous: dict[str, set[str]], split: Step, join: str) -> str:
    """Returns why a split is not one container with its branches and their join."""
    for branch in targets(split):
        if not isinstance(draft.steps[branch].transition, Linear) or previous[join] & {branch} != {branch}:
            return f"the branch of `{branch}` is more than one container"
    for name in (*targets(split), join):
        different = draft.rules.apart(split.name, name)
        if different:
            return different
    return f"the branches of `{split.name}` run in containers of their own"


def _join_of(openers: dict[str, str], split: str) -> str:
    return next(join for join, opener in openers.items() if opener == split)
