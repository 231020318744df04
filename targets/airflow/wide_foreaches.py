"""FLOW574: a foreach with more tasks than Airflow maps a task over, where that is known before a run.

Every step in a foreach is one mapped task, over the items of all outer foreaches too (`tasks.py`). What only a run knows is checked there, by the
task `STEP.paths`. Source: Airflow's documentation, "Dynamic Task Mapping", Placing limits on mapped tasks.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import ForEach, Switch
from flowc.compiler.ir.scopes import inner, scopes
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.targets.shared.control_flow import steps_by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields each foreach that is too wide for what `--max-map-length` says."""
    widths, text = dict(options.widths), options.own("max-map-length")
    if not widths or not text.isdigit():
        return
    limit = int(text)
    steps = steps_by_name(flow)
    waiting = [(scopes(flow), 1)]  # with how often the scope runs, at least
    while waiting:
        scope, times = waiting.pop()
        if any(isinstance(steps[node.step].transition, Switch) for node in scope.nodes):
            times = 1  # it may send some items elsewhere
        for node in scope.nodes:
            within = times
            if isinstance(node, ForEach):
                width = widths.get(node.step, 1)
                within = times * width
                if within > limit >= times:
                    place = steps[node.step].transition.span  # type: ignore[union-attr]
                    count = (
                        f"{within} tasks" if times == 1 else f"{within} tasks, {width} for each of {times} outer items"
                    )
                    yield Diagnostic(
                        "FLOW574", f"the foreach of step `{node.step}` has {count}: more than Airflow's {limit}", place,
                        "Airflow maps no task over more items than `[core] max_map_length`, and the run would fail there",
                        "make fewer items, of several pieces of work each; or raise that setting, and say so with `--max-map-length`",
                    )  # fmt: skip
            waiting += [(each, within) for each in inner(node)]
