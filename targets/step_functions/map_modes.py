"""Chooses the foreaches that become distributed Maps: by `--map`, and with `auto` by their widths, if known.

At most 40 items of an inline Map run at a time, and their events are part of the execution's history (`history.py`). A
foreach of known width is inline if neither limit matters, and distributed otherwise. A foreach of unknown width is
inline, and the job before it counts the items.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, ForEach
from flowc.compiler.ir.scopes import inner

from .history import INLINE_WORKERS, rooms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowc.compiler.ir.nodes import Flow, Scope, Step
    from flowc.targets.target import Options


MODES = ("auto", "inline", "distributed")


@record
class MapOption:
    """The value of `--map`: the general mode of foreaches, and those of the steps that it names."""

    general: str
    of_step: Mapping[str, str]

    def mode(self, step: str, is_nested: bool) -> str:
        """Returns the mode of the step's foreach.

        The general mode `distributed` is that of the outermost foreaches, whose items have room for the inner ones.
        """
        return self.of_step.get(step, "inline" if is_nested and self.general == "distributed" else self.general)


class BadMap(ValueError):
    """A value of `--map` that cannot be read; `str` says why."""


def map_option(text: str) -> MapOption:
    """Reads the value of `--map`, such as `inline` or `distributed,STEP=inline`. Raises BadMap."""
    general, of_step = "auto", {}
    for part in text.split(","):
        step, equals, mode = part.strip().rpartition("=")
        if mode not in MODES:
            raise BadMap(f"`{mode}` is not one of {', '.join(f'`{name}`' for name in MODES)}")
        if equals:
            of_step[step] = mode
        else:
            general = mode
    return MapOption(general, of_step)


@record
class Known:
    """Facts about the foreaches of a flow that are known at compile time."""

    scope: Scope  # the flow's outermost
    steps: Mapping[str, Step]  # by name
    modes: Mapping[str, str]  # step with a foreach → "auto", "inline" or "distributed"
    widths: Mapping[str, int]  # step → number of items, where it is known
    workers: int  # items of one foreach that may run at a time; 0: as many as there are

    def wanted(self, step: str) -> int:
        """Returns how many items of the step's foreach may run at a time; 0 if its width is unknown."""
        width = self.widths.get(step, 0)
        return min(width, self.workers) if self.workers else width


def known(flow: Flow, scope: Scope, options: Options) -> Known:
    """Returns the facts about the flow, whose outermost scope is `scope`. The options must be valid."""
    steps = flow.by_name
    option, workers = _of_containers(options), int(options.own("max-workers") or 0)
    return Known(scope, steps, _modes(scope, option), dict(options.widths), workers)


def _of_containers(options: Options) -> MapOption:
    """Returns `--map` by container: it may also name the step whose foreach the container ends with."""
    option = map_option(options.own("map"))
    holders = {step: name for name, container in options.containers for step in container.steps}
    return MapOption(option.general, {holders.get(step, step): mode for step, mode in option.of_step.items()})


def _modes(scope: Scope, option: MapOption) -> dict[str, str]:
    """Returns the mode of each foreach by its step: "auto", "inline" or "distributed"."""
    return {node.step: option.mode(node.step, is_nested) for node, is_nested in _foreaches(scope, False)}


def _foreaches(scope: Scope, is_nested: bool) -> Iterator[tuple[ForEach, bool]]:
    for node in scope.nodes:
        if isinstance(node, ForEach):
            yield node, is_nested
            yield from _foreaches(node.body, True)
        elif isinstance(node, Branches):
            for branch in node.scopes:
                yield from _foreaches(branch, is_nested)


def distributed(flow: Known) -> frozenset[str]:
    """Returns the steps whose foreach is a distributed Map."""
    apart = frozenset(_at_first(flow, flow.scope, False))
    while step := _next(flow, apart):
        apart |= {step}
    return apart


def _next(flow: Known, apart: frozenset[str]) -> str:
    """Returns the step of the next foreach to distribute, to give a crowded one more room; "" for none."""
    for crowd in crowds(flow, apart):
        for step in crowd.around:
            if flow.modes[step] == "auto":
                return step
    return ""


@record
class Crowd:
    """An inline foreach with more items than the history of their execution has room for."""

    around: tuple[str, ...]  # steps of the foreaches with items in that execution, outermost first; the last is itself
    items: int  # of the last one in that execution, at least: an unknown width counts as 1
    room: int  # the most that there may be


def crowds(flow: Known, apart: frozenset[str]) -> Iterator[Crowd]:
    """Yields the inline foreaches that are known to be too wide. `apart` are the distributed ones."""
    for step, room in rooms(flow.scope, flow.steps, apart).items():
        around, items = (*room.around, step), 1
        for outer in around:
            items *= flow.widths.get(outer, 1)
        if items > room.items:
            yield Crowd(around, items, room.items)


def _at_first(flow: Known, scope: Scope, is_apart: bool) -> Iterator[str]:
    """Yields the foreaches that are distributed, whatever room the history has.

    A foreach inside a distributed Map is not distributed for its width: it already runs beside those of other items.
    """
    for node in scope.nodes:
        is_distributed = False
        if isinstance(node, ForEach):
            mode = flow.modes[node.step]
            is_wide = flow.wanted(node.step) > INLINE_WORKERS
            is_distributed = mode == "distributed" or (mode == "auto" and is_wide and not is_apart)
            if is_distributed:
                yield node.step
        for inside in inner(node):
            yield from _at_first(flow, inside, is_apart or is_distributed)
