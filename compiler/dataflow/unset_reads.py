"""Reads of artifacts that cannot be there: what the checks on unset artifacts share.

Only what is sure is said. A read whose error is caught or expected says nothing; neither does one behind a condition in a helper method, which may be
meant for another step; nor one that comes after something that cannot be followed.
"""

from __future__ import annotations

from ..fast_start.record import record
from ..ir import nodes
from ..ir.scopes import targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .analysis import Analysis
    from .assigned import Dataflow


@record
class Missing:
    """A read of an artifact that no way to it has set."""

    step: str
    name: str
    span: nodes.Span
    what: str  # "reads", "goes over" (a foreach) or "chooses by" (a switch)
    fails: bool  # every run comes by here, and fails
    dropped_by: str  # the join before the read whose branches have it and that did not take it over; "" for none
    assigned_by: tuple[str, ...]  # steps that assign it, all of them elsewhere


def missing(analysis: Analysis) -> Iterator[Missing]:
    """Yields them, each name once a step."""
    known = analysis.dataflow
    for step in analysis.flow.steps:
        here = known.steps[step.name]
        seen: set[str] = set()
        for read in sorted(here.effects.reads, key=lambda each: not each.certain):
            may, sure = known.found(step.name, read)
            if may or not sure or read.guarded or read.name in seen:
                continue
            assigned = known.assigned_by(read.name)
            if not read.certain and not read.own and assigned:
                continue  # a helper that asks which step it is in
            seen.add(read.name)
            fails = read.certain and here.in_every_run and not here.catches
            dropped = _dropped_by(known, analysis.flow, step.name, read.name)
            yield Missing(step.name, read.name, read.place.span, "reads", fails, dropped, assigned)
        yield from _of_transition(analysis, step, seen)


def _of_transition(analysis: Analysis, step: nodes.Step, seen: set[str]) -> Iterator[Missing]:
    known = analysis.dataflow
    here = known.steps[step.name]
    transition = step.transition
    if isinstance(transition, nodes.Foreach) and transition.over is not None:
        name, what = transition.over, "goes over"
    elif isinstance(transition, nodes.Switch):
        name, what = transition.on, "chooses by"
    else:
        return
    after = here.after
    if (
        known.unknown
        or after.unknown
        or name in after.may
        or name in known.fixed
        or name in seen
        or name in here.effects.ever
    ):
        return
    assigned = known.assigned_by(name)
    if assigned:  # what nobody assigns is FLOW210
        yield Missing(
            step.name,
            name,
            transition.span,
            what,
            here.in_every_run and not here.catches,
            _dropped_by(known, analysis.flow, step.name, name),
            assigned,
        )


def _dropped_by(known: Dataflow, flow: nodes.Flow, step: str, name: str) -> str:
    """The last join, on a way to the step or that step itself, that had the artifact in its branches and left it behind."""
    before: dict[str, list[str]] = {}
    for each in flow.steps:
        for target in targets(each):
            before.setdefault(target, []).append(each.name)
    seen = {step}
    waiting = [step]
    while waiting:
        current = waiting.pop(0)
        if any(name in each.may for each in known.steps[current].branches):
            return current
        fresh = [each for each in before.get(current, ()) if each not in seen]
        seen.update(fresh)
        waiting += fresh
    return ""
