"""FLOW211: a split that names a step twice.

Branches are identified by the names of their steps, so both would be the same task. To run one step several times,
use a foreach.

Example:

    @step
    def start(self):
        self.next(self.work, self.work)

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.copies = [0, 1]
        self.next(self.work, foreach="copies")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step in analysis.flow.steps:
        if isinstance(step.transition, nodes.Split):
            names = step.transition.targets
            for name in sorted({name for name in names if names.count(name) > 1}):
                how = "name each step once; to run one step several times, use `foreach`"
                yield Diagnostic(
                    "FLOW211",
                    f"step `{step.name}` splits to `{name}` twice",
                    step.transition.span,
                    why="branches are identified by the names of their steps",
                    how=how,
                )
