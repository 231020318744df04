"""Reads of artifacts that cannot exist, for the checks on unset artifacts.

Only certain faults are reported. A read is ignored if its error is caught or expected, if it is behind a condition in
a helper method, which may be meant for a different step, or if it comes after code that cannot be followed.
"""

from __future__ import annotations

from ..decorators.decorator import record_of
from ..fast_start.record import record
from ..ir import nodes
from ..ir.scopes import targets
from .assigned import loaded_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .analysis import Analysis
    from .assigned import Dataflow


@record
class Missing:
    """A read of an artifact that no path to it sets."""

    step: str
    name: str
    span: nodes.Span
    what: str  # "reads", "iterates over" (a foreach), "chooses by" (a switch) or "loads" (`@model`)
    fails: bool  # every run reaches it, and fails
    dropped_by: str  # the join before the read that dropped the artifact; "": none
    assigned_by: tuple[str, ...]  # steps that assign it, none of them before the read


def missing(analysis: Analysis) -> Iterator[Missing]:
    """Yields the missing artifacts, each name once per step."""
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        seen: set[str] = set()
        for read in sorted(here.effects.reads, key=lambda read: not read.certain):
            may, sure = dataflow.found(step.name, read)
            if may or not sure or read.guarded or read.name in seen:
                continue
            assigned = dataflow.assigned_by(read.name)
            if not read.certain and not read.own and assigned:
                continue  # a helper that checks which step it is in
            seen.add(read.name)
            fails = read.certain and here.in_every_run and not here.catches
            dropped = _dropped_by(dataflow, analysis.flow, step.name, read.name)
            yield Missing(step.name, read.name, read.place.span, "reads", fails, dropped, assigned)
        yield from _of_decorators(analysis, step, seen)
        yield from _of_transition(analysis, step, seen)


def _of_decorators(analysis: Analysis, step: nodes.Step, seen: set[str]) -> Iterator[Missing]:
    """Yields what `@model` loads before the step begins, and no step before has set."""
    dataflow = analysis.dataflow
    here = dataflow.steps[step.name]
    if dataflow.unknown or here.foreign or here.before.unknown:
        return
    for decorator in step.decorators:
        for name in loaded_by(decorator):
            if name in here.before.may or name in dataflow.fixed or name in dataflow.initial or name in seen:
                continue
            seen.add(name)
            fails = record_of(decorator).is_required and here.in_every_run and not here.catches
            dropped = _dropped_by(dataflow, analysis.flow, step.name, name)
            place = decorator.span or step.span
            yield Missing(step.name, name, place, "loads", fails, dropped, dataflow.assigned_by(name))


def _of_transition(analysis: Analysis, step: nodes.Step, seen: set[str]) -> Iterator[Missing]:
    dataflow = analysis.dataflow
    here = dataflow.steps[step.name]
    transition = step.transition
    if isinstance(transition, nodes.Foreach) and transition.over is not None:
        name, what = transition.over, "iterates over"
    elif isinstance(transition, nodes.Switch):
        name, what = transition.on, "chooses by"
    else:
        return
    after = here.after
    if (
        dataflow.unknown
        or after.unknown
        or name in after.may
        or name in dataflow.fixed
        or name in seen
        or name in here.effects.ever
    ):
        return
    assigned = dataflow.assigned_by(name)
    if assigned:  # FLOW210 reports an artifact that nothing assigns
        yield Missing(
            step.name,
            name,
            transition.span,
            what,
            here.in_every_run and not here.catches,
            _dropped_by(dataflow, analysis.flow, step.name, name),
            assigned,
        )


def _dropped_by(dataflow: Dataflow, flow: nodes.Flow, step: str, name: str) -> str:
    """Returns the last join, before the step or the step itself, that dropped the artifact of its branches."""
    before: dict[str, list[str]] = {}
    for source in flow.steps:
        for target in targets(source):
            before.setdefault(target, []).append(source.name)
    seen = {step}
    waiting = [step]
    while waiting:
        current = waiting.pop(0)
        if any(name in branch.may for branch in dataflow.steps[current].branches):
            return current
        fresh = [predecessor for predecessor in before.get(current, ()) if predecessor not in seen]
        seen.update(fresh)
        waiting += fresh
    return ""
