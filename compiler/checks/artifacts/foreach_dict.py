"""FLOW421 (warning): a foreach over a dict.

Each key makes one task, but a task looks its item up as `NAME[index]`. Unless the keys are the numbers 0, 1, 2, …,
`self.input` raises KeyError.

Example:

    @step
    def start(self):
        self.items = {"a": 1, "b": 2}
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = list({"a": 1, "b": 2}.items())
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.result = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.foreach_values import over
from flowc.compiler.fold import value_kinds
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step, name, held in over(analysis):
        if held != {value_kinds.DICT} or _is_numbered(analysis, step.name, name):
            continue
        body = dataflow.steps.get(targets(step)[0])
        if body is None or "input" not in body.effects.mentions:
            continue  # the tasks need no item
        what = f"the foreach of step `{step.name}` iterates over `self.{name}`, a dict"
        why = "a task looks up `NAME[index]`, so `self.input` raises KeyError unless the keys are 0, 1, 2, …"
        how = f"write `list(….items())`, and unpack the pair in step `{targets(step)[0]}`"
        yield Diagnostic("FLOW421", what, step.transition.span, why, how, WARNING)  # type: ignore[union-attr]


def _is_numbered(analysis: Analysis, step: str, name: str) -> bool:
    """Returns False if the keys of every possible dict are known, and are not 0, 1, 2, …"""
    dataflow = analysis.dataflow
    for definition in dataflow.steps[step].after.definitions.get(name, ()):
        if definition is None or definition.node.kind() != "dictionary":
            return True
        for pair in definition.node.named_children():
            key = pair.field("key")
            if key is None or key.kind() not in ("string", "integer"):
                return True
            if key.text() == "0":
                return True
    return False
