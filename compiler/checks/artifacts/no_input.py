"""FLOW426 (warning): `self.input` in a step outside of any foreach.

Only the tasks of a foreach have an item. Elsewhere `self.input` is None.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work)

    @step
    def work(self):
        self.doubled = self.input * 2
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.doubled = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [each.doubled for each in inputs]
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    if not dataflow.sound or dataflow.unknown:
        return
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if here.overs or here.foreign:
            continue
        for read in here.effects.reads:
            if (
                read.name == "input"
                and read.own
                and not read.guarded
                and not read.unknown
                and _is_used(read.place.node)
            ):
                what = f"step `{step.name}` uses `self.input`, but is not in a foreach"
                how = "split over a list in a step before: `self.next(self.STEP, foreach='LIST')`"
                yield Diagnostic(
                    "FLOW426", what, read.place.span, "`self.input` is None outside a foreach", how, WARNING
                )


def _is_used(node: SgNode) -> bool:
    """Returns True if the value is used in a way that fails for None."""
    if node.kind() != "attribute":
        return False  # self.foreach_stack()
    outer = node.parent()
    if outer is None:
        return False
    kind = outer.kind()
    if kind == "assignment":
        left = outer.field("left")
        return left is not None and left.kind() in ("pattern_list", "tuple_pattern")
    if kind in ("attribute", "subscript"):
        return outer.named_children()[0].range().start.index == node.range().start.index
    if kind in ("for_statement", "for_in_clause"):
        right = outer.field("right")
        return right is not None and right.range().start.index == node.range().start.index
    return kind in ("binary_operator", "unary_operator")
