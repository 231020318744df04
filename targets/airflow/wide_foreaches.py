"""FLOW574: a foreach that is known, before a run, to have more items than Airflow maps a task over.

Every step in a foreach is one mapped task, over the items of all outer foreaches too (`tasks.py`). If only a run knows
the number of items, the task `STEP.paths` checks it. Source: Airflow's documentation, "Dynamic Task Mapping", Placing
limits on mapped tasks.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import ForEach, Switch
from flowc.compiler.ir.scopes import inner, scopes
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields FLOW574 for each foreach that is wider than `--max-map-length`."""
    widths, text = dict(options.widths), options.own("max-map-length")
    if not widths or not text.isdigit():
        return
    limit = int(text)
    steps = flow.by_name
    waiting = [(scopes(flow), 1)]  # each with the least number of times that it runs
    while waiting:
        scope, times = waiting.pop()
        if any(isinstance(steps[node.step].transition, Switch) for node in scope.nodes):
            times = 1  # the switch may send some items elsewhere
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
                        "FLOW574",
                        f"the foreach of step `{node.step}` has {count}, more than Airflow's limit of {limit}",
                        place,
                        "Airflow maps a task over at most `[core] max_map_length` items, so the run would fail here",
                        "make fewer and larger items, or raise that setting and pass its value as `--max-map-length`",
                    )  # fmt: skip
            waiting += [(inside, within) for inside in inner(node)]
