"""The content of every picture of a flow: steps, edges, and a box around each branch and each foreach's body."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, End, ForEach, Foreach, Parallel, Split, Switch
from flowc.compiler.ir.scopes import targets

from ..source_form import decorator, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowc.compiler.ir.nodes import Flow, Scope, Step


@record
class Item:
    """One step."""

    name: str
    kind: str  # "start", "end", "step", "split", "foreach", "switch" or "join"
    notes: tuple[str, ...]  # its decorators, as they are written
    doc: str  # the first line of its docstring


@record
class Edge:
    source: str
    target: str
    label: str  # the value of a case, or ""


@record
class Box:
    """The steps of a scope, in order, and the boxes in it."""

    label: str  # "" for a branch
    kind: str  # "flow", "foreach" or "branch"
    items: tuple[Item, ...]
    boxes: tuple[Box, ...]


@record
class Drawing:
    name: str
    doc: str  # the first line
    start: str  # the name of the first step
    whole: Box
    edges: tuple[Edge, ...]


def drawing(flow: Flow, scope: Scope) -> Drawing:
    """Returns the drawing of the flow. Its texts are unescaped: each format escapes them."""
    steps = flow.by_name
    edges = tuple(edge for step in flow.steps for edge in _edges(step))
    return Drawing(flow.name, _first_line(flow.doc), flow.start, _box("", "flow", scope, steps, flow), edges)


def _box(label: str, kind: str, scope: Scope, steps: Mapping[str, Step], flow: Flow) -> Box:
    boxes = []
    for node in scope.nodes:
        if isinstance(node, ForEach):
            boxes.append(_box(_each(steps[node.step]), "foreach", node.body, steps, flow))
        elif isinstance(node, Branches):
            boxes += [_box("", "branch", branch, steps, flow) for branch in node.scopes]
    return Box(label, kind, tuple(_item(steps[node.step], flow) for node in scope.nodes), tuple(boxes))


def _each(step: Step) -> str:
    transition = step.transition
    if isinstance(transition, Parallel):
        return f"{transition.num_parallel or 'several'} at once"
    assert isinstance(transition, Foreach)
    return f"for each of {transition.over or 'a list'}"


def _item(step: Step, flow: Flow) -> Item:
    kinds = {Split: "split", Foreach: "foreach", Parallel: "foreach", Switch: "switch", End: "end"}
    kind = kinds.get(type(step.transition), "join" if step.is_join else "start" if step.name == flow.start else "step")
    return Item(step.name, kind, tuple(decorator(applied) for applied in step.decorators), _first_line(step.doc))


def _edges(step: Step) -> Iterator[Edge]:
    """Yields one edge per target. The label of a switch's edge lists the values that lead there."""
    for target in targets(step):
        label = ""
        if isinstance(step.transition, Switch):
            label = ", ".join(value(case.value) for case in step.transition.cases if case.target == target)
        yield Edge(step.name, target, label)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
