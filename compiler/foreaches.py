"""What each foreach of a flow goes over, as far as that is known: what the checks on foreaches share."""

from __future__ import annotations

from . import ir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reading import Reading


def over(reading: Reading) -> Iterator[tuple[ir.Step, str, set[str]]]:
    """Yields each step with a foreach, the artifact, and the kinds of what that may hold (kinds.py; "" for one that is not known)."""
    known = reading.dataflow
    for step in reading.flow.steps:
        transition = step.transition
        if not isinstance(transition, ir.Foreach) or transition.over is None or known.unknown:
            continue
        after = known.steps[step.name].after
        held = after.definitions.get(transition.over)
        if held and not after.unknown and transition.over not in known.fixed and transition.over in after.must:
            from .kinds import kind

            yield step, transition.over, {kind(known.functions.world, each) for each in held}
