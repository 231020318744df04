"""FLOW207: a cycle, other than a switch that names itself.

The run might never end. The only loop that flows can have is a switch with its own step among its cases: each round
is then a separate task.

Example:

    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self):
        self.good = "yes"
        self.next(self.judge)

    @step
    def judge(self):
        self.next({"yes": self.end, "no": self.train}, condition="good")

Use instead:

    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self):
        self.good = "yes"
        self.next({"yes": self.end, "no": self.train}, condition="good")
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    start, end = analysis.flow.start, analysis.flow.end
    steps = analysis.flow.by_name
    done: set[str] = set()
    for first in steps:
        on_path: dict[str, Iterator[str]] = {}
        if first not in done:
            on_path[first] = iter(targets(steps[first]))
        while on_path:
            name = next(reversed(on_path))
            target = next(on_path[name], None)
            if target is not None and (target == start or name == end):
                continue  # FLOW202 reports it
            if target is None:
                done.add(name)
                del on_path[name]
            elif target == name and isinstance(steps[name].transition, nodes.Switch):
                continue
            elif target in on_path:
                path = list(on_path)
                cycle = path[path.index(target) :]
                transition = steps[name].transition
                shown = " → ".join(f"`{step}`" for step in [*cycle, target])
                if not isinstance(transition, nodes.End):
                    why, how = (
                        "the run might never end",
                        "to loop, use a switch with its own step as one of its cases",
                    )
                    yield Diagnostic("FLOW207", f"the steps {shown} form a cycle", transition.span, why, how)
            elif target in steps and target not in done:
                on_path[target] = iter(targets(steps[target]))
