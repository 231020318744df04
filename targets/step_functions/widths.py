"""Which foreaches are distributed Maps: what `--map` says, and `auto` by their widths, where these are known.

A foreach of known width is inline where that costs nothing: at most 40 items of an inline Map run at a time, and
their events are part of the execution's history (`maps.py`). Where either is too little, it is distributed. One of
unknown width is inline, and the job before it counts the items.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import ForEach
from flowc.compiler.ir.scopes import inner

from .maps import INLINE_WORKERS, choice, modes, rooms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowc.compiler.ir.nodes import Flow, Scope, Step
    from flowc.targets.target import Options


@record
class Known:
    """What a compile knows of the foreaches of a flow."""

    scope: Scope  # the flow's outermost
    steps: Mapping[str, Step]  # by name
    modes: Mapping[str, str]  # step with a foreach → "auto", "inline" or "distributed"
    widths: Mapping[str, int]  # step → number of items, where it is known
    workers: int  # items of one foreach that may run at a time; 0: as many as there are

    def wanted(self, step: str) -> int:
        """Returns how many items of the step's foreach may run at a time; 0 where its width is not known."""
        width = self.widths.get(step, 0)
        return min(width, self.workers) if self.workers else width


def known(flow: Flow, scope: Scope, options: Options) -> Known:
    """Returns what is known of the flow, whose outermost scope is `scope`. Its options must be valid ones."""
    steps = {step.name: step for step in flow.steps}
    chosen, workers = choice(options.own("map")), int(options.own("max-workers") or 0)
    return Known(scope, steps, modes(scope, chosen), dict(options.widths), workers)


def distributed(flow: Known) -> frozenset[str]:
    """Returns the steps whose foreach is a distributed Map."""
    apart = frozenset(_at_first(flow, flow.scope, False))
    while step := _next(flow, apart):
        apart |= {step}
    return apart


def _next(flow: Known, apart: frozenset[str]) -> str:
    """Returns the step of the next foreach to distribute, so that a crowded one has more room; "" for none."""
    for crowd in crowds(flow, apart):
        for step in crowd.around:
            if flow.modes[step] == "auto":
                return step
    return ""


@record
class Crowd:
    """An inline foreach whose items the history of their execution has no room for."""

    around: tuple[str, ...]  # steps of the foreaches whose items are in that execution, outermost first: it is the last
    items: int  # of all tasks of the last one in that execution, at least: a width that is not known counts as 1
    room: int  # the most that there may be


def crowds(flow: Known, apart: frozenset[str]) -> Iterator[Crowd]:
    """Yields the inline foreaches that are known to be too wide. `apart` are the distributed ones."""
    for step, room in rooms(flow.scope, flow.steps, apart).items():
        around, items = (*room.around, step), 1
        for each in around:
            items *= flow.widths.get(each, 1)
        if items > room.items:
            yield Crowd(around, items, room.items)


def _at_first(flow: Known, scope: Scope, is_apart: bool) -> Iterator[str]:
    """Yields the foreaches that are distributed whatever the history has room for.

    An inner one of a distributed Map is not among them by its width: it already runs beside those of other items.
    """
    for node in scope.nodes:
        is_distributed = False
        if isinstance(node, ForEach):
            mode = flow.modes[node.step]
            is_wide = flow.wanted(node.step) > INLINE_WORKERS
            is_distributed = mode == "distributed" or (mode == "auto" and is_wide and not is_apart)
            if is_distributed:
                yield node.step
        for each in inner(node):
            yield from _at_first(flow, each, is_apart or is_distributed)
