"""The values that a switch may choose by, if all of them are known, for the checks on switches."""

from __future__ import annotations

from ..ir import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from .analysis import Analysis
    from .effects.records import Definition


def switch_values(analysis: Analysis) -> Iterator[tuple[nodes.Step, list[str | int | float | bool]]]:
    """Yields each step with a switch whose artifact has only known values, and these values."""
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        transition = step.transition
        if not isinstance(transition, nodes.Switch) or dataflow.unknown or transition.on in dataflow.fixed:
            continue
        after = dataflow.steps[step.name].after
        held = after.definitions.get(transition.on)
        if not held or after.unknown or transition.on not in after.must:
            continue
        values: list[str | int | float | bool] = []
        for definition in held:
            assigned = (
                _values(dataflow.functions.evaluator, definition, definition.node) if definition is not None else None
            )
            if assigned is None:
                break
            values += [value for value in assigned if value not in values]
        else:
            yield step, sorted(values, key=repr)


def _values(evaluator: Evaluator, one: Definition, node: SgNode) -> list[str | int | float | bool] | None:
    """Returns the values that an expression may have; None if others are possible."""
    from ..fold.budget import Unfoldable
    from ..fold.value_kinds import folded

    while node.kind() == "parenthesized_expression" and len(node.named_children()) == 1:
        node = node.named_children()[0]
    if node.kind() == "conditional_expression" and len(node.named_children()) == 3:
        body, _, other = node.named_children()
        mine, others = _values(evaluator, one, body), _values(evaluator, one, other)
        return None if mine is None or others is None else mine + others
    if _is_truth(node):
        return [True, False]
    try:
        value = folded(evaluator, one, node)
    except Unfoldable:
        return None
    return [value] if isinstance(value, (str, int, float, bool)) else None


def _is_truth(node: SgNode) -> bool:
    """Returns True for an expression whose value is True or False for any operands."""
    if node.kind() == "not_operator":
        return True
    if node.kind() == "comparison_operator" and len(node.named_children()) == 2:
        return "".join(child.text() for child in node.children() if not child.is_named()).replace(" ", "") in (
            "in",
            "notin",
            "is",
            "isnot",
        )
    return False
