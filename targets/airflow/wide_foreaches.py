"""FLOW574: a foreach that is known, before a run, to have more items than Airflow maps a task over.

Every step in a foreach is one mapped task, over the items of all outer foreaches too (`tasks.py`). Where a container
runs several items, it counts as one. If only a run knows the number of items, the task `STEP.paths` checks it. Source:
Airflow's documentation, "Dynamic Task Mapping", Placing limits on mapped tasks.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import ForEach, Switch
from flowc.compiler.ir.scopes import inner, scopes
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.targets.target import Options


@record
class Wide:
    """A foreach with more items than Airflow maps a task over."""

    step: str
    width: int
    times: int  # the least number of times that it runs
    around: tuple[str, ...]  # the steps of the foreaches that make it so wide, outermost first; the last is itself


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields FLOW574 for each foreach that is wider than `--max-map-length`."""
    for wide in wides(flow, options):
        within, limit = wide.times * wide.width, options.own("max-map-length")
        place = flow.by_name[wide.step].transition.span  # type: ignore[union-attr]
        count = f"{within} tasks" + (f", {wide.width} for each of {wide.times} outer items" if wide.times > 1 else "")
        yield Diagnostic(
            "FLOW574",
            f"the foreach of step `{wide.step}` has {count}, more than Airflow's limit of {limit}",
            place,
            "Airflow maps a task over at most `[core] max_map_length` items, so the run would fail here",
            "make fewer and larger items, or raise that setting and pass its value as `--max-map-length`",
        )  # fmt: skip


def wides(flow: Flow, options: Options) -> Iterator[Wide]:
    """Yields each foreach that is wider than `--max-map-length`, unless one around it is too."""
    widths, text = dict(options.widths), options.own("max-map-length")
    if not widths or not text.isdigit():
        return
    limit = int(text)
    steps = flow.by_name
    # each with the least number of times that it runs, and the foreaches that make it so
    waiting: list[tuple[Scope, int, tuple[str, ...]]] = [(scopes(flow), 1, ())]
    while waiting:
        scope, times, around = waiting.pop()
        if any(isinstance(steps[node.step].transition, Switch) for node in scope.nodes):
            times, around = 1, ()  # the switch may send some items elsewhere
        for node in scope.nodes:
            within, inside = times, around
            if isinstance(node, ForEach):
                width = widths.get(node.step, 1)
                within = times * width
                inside = (*around, node.step) if width > 1 else around
                if within > limit >= times:
                    yield Wide(node.step, width, times, inside)
            waiting += [(body, within, inside) for body in inner(node)]
