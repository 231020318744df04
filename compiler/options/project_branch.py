"""Writes the branch of a flow with `@project` into the IR: the one from the decorator or the command line.

So the spec, the code package and `current` agree, wherever a task runs. A compile does not depend on the user:
without a branch it is that of NOBODY.
"""

from __future__ import annotations

from ..decorators.decorator import value_error
from ..decorators.project import Disagreement, check, deployed_to, place_of, wrong_name
from ..fast_start.record import replace
from ..report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..decorators.project import Place
    from ..ir.nodes import Decorator, Flow
    from .compile_inputs import Given

NOBODY = "default"  # the user of a compile without a branch


def deployed(flow: Flow, given: Given) -> tuple[Flow, list[Diagnostic]]:
    """Returns the flow with the branch in its `@project`, and FLOW146 if the branch is invalid."""
    project = project_of(flow)
    if project is None:
        if given.branch or given.production:
            option = "--branch" if given.branch else "--production"
            why = "only a flow with `@project` has branches"
            return flow, [
                Diagnostic(
                    "FLOW146",
                    f"`{option}` is given, but the flow has no `@project`",
                    flow.span,
                    why,
                    "write `@project(name='…')`",
                )
            ]
        return flow, []
    if given.branch and (wrong := wrong_name(given.branch)):
        return flow, [
            Diagnostic(
                "FLOW146", f"invalid branch: `--branch {given.branch}`", project.span, wrong, "choose a different name"
            )
        ]
    if any(check(project, flow)):
        return flow, []  # which the decorator's check reports
    try:
        place = place_of(project, flow.name, NOBODY, given.branch, given.production)
    except Disagreement as error:
        return flow, [value_error(project, "branch", str(error), "remove one of them")]
    is_settled = not (given.whole_environment and place.is_user_branch)  # else the task knows its user
    made = deployed_to(project, place, given.branch, is_settled)
    return replace(
        flow, decorators=tuple(made if decorator is project else decorator for decorator in flow.decorators)
    ), []


def project_of(flow: Flow) -> Decorator | None:
    """Returns the flow's `@project`, if it has one."""
    return next((decorator for decorator in flow.decorators if decorator.name == "project"), None)


def place(flow: Flow) -> Place | None:
    """Returns the place of a flow that went through `deployed`; None without `@project`."""
    project = project_of(flow)
    return place_of(project, flow.name, NOBODY) if project is not None else None
