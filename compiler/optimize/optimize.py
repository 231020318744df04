"""`optimized`: a flow as a flow of containers (docs/decisions, 18).

The rewrites run in this order, each until nothing changes: loops, then containers inside bodies and around them, then
foreaches that are divided, then what can be put together around these. Each is a file here, a function from a draft to
a draft. The result depends on the flow, the settings and the target's decorators alone.

    >>> from .sketch import sketched
    >>> result = optimized(sketched("start > load > *fit > &join > end"))
    >>> [(step.name, result.containers_by_step[step.name].steps) for step in result.flow.steps]
    [('start', ('start', 'load')), ('fit', ('fit',)), ('join', ('join', 'end'))]
"""

from __future__ import annotations

from ..fast_start.record import record, replace
from ..ir.nodes import End, Foreach
from ..ir.scopes import scopes
from . import merged
from .chunk import chunk, chunk_size
from .containers import Container
from .draft import Rules, begun
from .fuse_branches import fuse_branches
from .fuse_foreaches import fuse_foreaches
from .fuse_lines import fuse_lines
from .fuse_switches import fuse_switches
from .loops import loops
from .same_container import gangs, shape
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..ir.nodes import Flow, Scope, Step
    from .draft import Draft

_FUSIONS: tuple[Callable[[Draft], Draft], ...] = (fuse_lines, fuse_branches, fuse_switches, fuse_foreaches)


@record
class Optimized:
    """A flow of containers."""

    flow: Flow
    scope: Scope
    containers: tuple[tuple[str, Container], ...]  # those that run more than their step's one task
    widths: tuple[tuple[str, int], ...]  # step → the containers of its foreach, or its items, if known
    draft: Draft  # before decorators were merged, for those who say what shares a container and why

    @property
    def containers_by_step(self) -> dict[str, Container]:
        """Returns the container of each step of the flow, also of one that runs its one task."""
        own = dict(self.containers)
        return {step.name: own.get(step.name) or Container((step.name,)) for step in self.flow.steps}


def optimized(
    flow: Flow,
    settings: Settings | None = None,
    widths: Iterable[tuple[str, int]] = (),
    honoured: frozenset[str] | None = None,
    delivered: Callable[[Step], tuple[str, str]] | None = None,
) -> Optimized:
    """Returns the flow of containers of `flow`, a valid one.

    `widths` are the numbers of items that are known, by the step with the foreach. `honoured` are the decorators that
    the target carries out, and `delivered` returns what its options give a step: the image, and what brings its
    packages.
    """
    image_and_packages = delivered or (lambda step: ("", ""))
    shapes = {step.name: shape(step, honoured, *image_and_packages(step)) for step in flow.steps}
    rules = Rules(settings or Settings(), shapes, gangs(flow), dict(widths))
    draft = _fused(chunk(_fused(loops(begun(flow, rules)))))
    return _finished(draft)


def _fused(draft: Draft) -> Draft:
    while True:
        last = draft
        for fuse in _FUSIONS:
            draft = fuse(draft)
        if draft is last:
            return draft


def _finished(draft: Draft) -> Optimized:
    """Returns the draft as a flow, with the decorators of its containers."""
    written = draft.flow.by_name
    steps = tuple(_step(draft, step, written) for step in draft.steps.values())
    end = next(step.name for step in steps if isinstance(step.transition, End))
    flow = replace(draft.flow, steps=steps, end=end)
    shared = tuple((name, container) for name, container in draft.containers.items() if container != Container((name,)))
    widths = []
    for step in steps:
        container = draft.containers[step.name]
        width = draft.rules.widths.get(container.steps[-1])
        if isinstance(step.transition, Foreach) and width is not None:
            is_divided = container.items or container.containers
            size = chunk_size(width, container.items, container.containers) if is_divided else 1
            widths.append((step.name, -(-width // size)))
    return Optimized(flow, scopes(flow), shared, tuple(widths), draft)


def _step(draft: Draft, step: Step, written: Mapping[str, Step]) -> Step:
    """Returns the step that stands for a container. One that runs a single task keeps what its author wrote."""
    container = draft.containers[step.name]
    if not runs_several(step.name, container):
        return step
    several = [written[name] for name in container.steps]
    own = [draft.rules.settings.of(name) for name in container.steps]
    cpu = max((one.cpu for one in own if one.cpu is not None), default=None)
    memory = max((one.memory for one in own if one.memory is not None), default=None)
    decorators = merged.decorators(several, cpu, memory)
    if len(several) == 1:
        return replace(step, decorators=decorators)
    return replace(step, doc="", decorators=decorators, reads=None)


def runs_several(name: str, container: Container) -> bool:
    """Returns True for a container that may run more than the one task of its step."""
    return container.steps != (name,) or container.is_chunk or container.is_loop
