"""FLOW405: a merge of an artifact that branches set to different values.

`merge_artifacts` takes over the artifacts that are equal in all inputs. If branches assign different values to an
artifact, it raises UnhandledInMergeArtifactsException, unless the join excludes the artifact or has assigned it
before.

Example:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        self.next(self.join)

    @step
    def right(self):
        self.side = "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        self.next(self.join)

    @step
    def right(self):
        self.side = "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sides = [each.side for each in inputs]
        self.merge_artifacts(inputs, exclude=["side"])
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.assigned import Facts, StepFlow, distinct
from flowc.compiler.fold import value_kinds
from flowc.compiler.fold.budget import Unfoldable
from flowc.compiler.ir import nodes
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow, steps = analysis.dataflow, analysis.flow.by_name
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if not here.branches or not here.effects.merges or dataflow.unknown or here.foreign:
            continue
        _, differing = distinct(here.branches)
        assigned = sorted(set().union(*(dataflow.steps[inner].effects.ever for inner in here.within)))
        for merge in here.effects.merges:
            if merge.guarded or merge.unknown:
                continue
            names = [
                name
                for name in assigned
                if merge.takes(name)
                and name not in merge.may
                and name not in dataflow.fixed
                and (
                    _differ(analysis, differing.get(name, ()), name)
                    or _by_item(analysis, steps[here.closes], here, name)
                )
            ]
            if not names:
                continue
            shown = ", ".join(f"`{name}`" for name in names[:4])
            what = f"`merge_artifacts` in join `{step.name}` finds different values of {shown}"
            why = "it raises UnhandledInMergeArtifactsException for artifacts that differ between the inputs"
            listed = ", ".join(repr(name) for name in names[:4])
            inputs = analysis.facts[step.name].arguments[1]
            how = f"write `exclude=[{listed}]`" if not merge.include else f"leave {shown} out of `include`"
            how += f", or assign it first, for example `self.{names[0]} = [each.{names[0]} for each in {inputs}]`"
            fails = merge.certain and here.in_every_run and not here.catches
            yield Diagnostic("FLOW405", what, merge.place.span, why, how, ERROR if fails else WARNING)


def _differ(analysis: Analysis, branches: Sequence[Facts], name: str) -> bool:
    """Returns True if two branches must have assigned different values to the artifact."""
    values: set[tuple[str, str]] = set()
    for branch in branches:
        held = branch.definitions.get(name)
        if held is None or len(held) != 1 or name not in branch.must:
            continue
        (only,) = held
        try:
            value = value_kinds.value(analysis.dataflow.functions.evaluator, only)
        except Unfoldable:
            continue
        if value is None or isinstance(value, (bool, int, str, float)):
            values.add((type(value).__name__, repr(value)))
    return len(values) > 1


def _by_item(analysis: Analysis, split: nodes.Step, here: StepFlow, name: str) -> bool:
    """Returns True if the body of a foreach over known, different items assigns each task's item or index."""
    if (
        not isinstance(split.transition, nodes.Foreach)
        or split.transition.over is None
        or name not in here.branches[0].must
    ):
        return False
    held = here.branches[0].definitions.get(name)
    lists = analysis.dataflow.steps[split.name].after.definitions.get(split.transition.over)
    if held is None or len(held) != 1 or lists is None or len(lists) != 1:
        return False
    (only,), (items,) = held, lists
    if only is None or items is None or only.node.text() not in ("self.input", "self.index"):
        return False
    steps = analysis.dataflow.steps
    if any(write.in_place and write.name == split.transition.over for write in steps[split.name].effects.writes):
        return False
    writers = [step for step in analysis.dataflow.assigned_by(name) if step in here.within]
    if not writers or any(len(steps[writer].overs) != len(steps[split.name].overs) + 1 for writer in writers):
        return False  # it is the item of an outer or inner foreach
    try:
        folded = value_kinds.value(analysis.dataflow.functions.evaluator, items)
    except Unfoldable:
        return False
    if not isinstance(folded, (list, tuple, range, str)) or len(folded) < 2:
        return False
    if only.node.text() == "self.index":
        return True
    return len({(type(item).__name__, repr(item)) for item in folded if isinstance(item, (bool, int, str, float))}) > 1
