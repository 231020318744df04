"""Peaks: a task counts with the memory that it has used in past runs, where that is more than it would count with.

Inside a container, tasks run side by side as far as their requests fit (docs/shim.md, Several tasks in one container).
A task that uses more than it requests would take what the container has away from the others. A profile tells.

    >>> from .profile import Profile, Spread
    >>> from .settings import Settings, StepSettings
    >>> from .sketch import draft
    >>> from .optimize import optimized
    >>> used = Profile("Sketch", 1, {}, {}, {"fit": {"memory": Spread(9, 700, 900, 1500)}})
    >>> result = optimized(draft("start > *fit > &join > end").flow)
    >>> [container.peaks for _, container in with_peaks(result, used).containers]
    [(), (('fit', 1504),), ()]
"""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import DEFAULT_MEMORY

from ..fast_start.record import replace
from ..ir.nodes import Foreach, Split
from ..ir.scopes import targets
from .cost import need_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..ir.nodes import Flow
    from .containers import Container
    from .cost import Need
    from .optimize import Optimized
    from .profile import Profile

UNNOTICED = 512  # MiB that every machine is taken to have for each of its cores
_STEP = 32  # MiB; numbers are rounded up, so that a profile of more runs seldom changes a spec
_REQUESTS = ("resources", "kubernetes", "batch")


def with_peaks(result: Optimized, profile: Profile, honoured: Iterable[str] = _REQUESTS) -> Optimized:
    """Returns the flow with the measured memory peaks in each container that may run several tasks at a time."""
    names = tuple(honoured)
    made = result.flow.by_name
    containers = tuple(
        (name, replace(container, peaks=tuple(_peaks(result, container, profile, need_of(made[name], names), names))))
        if _is_parallel(result.draft.flow, container)
        else (name, container)
        for name, container in result.containers
    )
    return replace(result, containers=containers)


def _peaks(
    result: Optimized, container: Container, profile: Profile, has: Need | None, honoured: tuple[str, ...]
) -> Iterator[tuple[str, int]]:
    written = result.draft.flow.by_name
    for name in container.steps:
        own = need_of(written[name], honoured)
        if own is not None and own.memory != DEFAULT_MEMORY:
            counts = own.memory
        else:
            counts = has.memory / max(1.0, has.cores) if has is not None else UNNOTICED
        used = profile.peak(name)
        if used > counts:
            yield name, -(-int(-(-used // 1)) // _STEP) * _STEP


def _is_parallel(flow: Flow, container: Container) -> bool:
    """Returns True if the container may run several tasks at the same time."""
    steps = flow.by_name
    return container.is_chunk or any(
        isinstance(steps[name].transition, (Foreach, Split)) and set(targets(steps[name])) & set(container.steps)
        for name in container.steps
    )
