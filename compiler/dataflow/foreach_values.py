"""The values that each foreach of a flow iterates over, as far as known, for the checks on foreaches."""

from __future__ import annotations

from ..ir import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .analysis import Analysis


def over(analysis: Analysis) -> Iterator[tuple[nodes.Step, str, set[str]]]:
    """Yields each step with a foreach, the artifact, and the kinds of its possible values (value_kinds.py.

    "": unknown).
    """
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        transition = step.transition
        if not isinstance(transition, nodes.Foreach) or transition.over is None or dataflow.unknown:
            continue
        after = dataflow.steps[step.name].after
        held = after.definitions.get(transition.over)
        if held and not after.unknown and transition.over not in dataflow.fixed and transition.over in after.must:
            from ..fold.value_kinds import kind

            yield (
                step,
                transition.over,
                {kind(dataflow.functions.evaluator.resolver, definition) for definition in held},
            )


def widths(analysis: Analysis) -> tuple[tuple[str, int], ...]:
    """Returns (step, number of items) for each foreach whose number of items is known and equal on every path."""
    if not any(isinstance(step.transition, nodes.Foreach) for step in analysis.flow.steps):
        return ()
    from ..fold.budget import Unfoldable
    from ..fold.value_kinds import value

    pairs = []
    for step, name, _ in over(analysis):
        here = analysis.dataflow.steps[step.name]
        if name in here.effects.mentions:
            continue  # whoever read it may have filled it
        try:
            values = [
                value(analysis.dataflow.functions.evaluator, definition) for definition in here.after.definitions[name]
            ]
        except Unfoldable:
            continue
        several = {len(value) if isinstance(value, (list, tuple, range, str)) else -1 for value in values}
        if len(several) == 1 and several != {-1}:
            pairs.append((step.name, several.pop()))
    return tuple(pairs)
