"""Where a flow with `@project` is deployed: the branch that the decorator or the command line says, written into the IR.

So a spec, the code package and `current` agree, wherever a task runs. A compile knows no user: without a branch it is that of NOBODY.
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

NOBODY = "default"  # whose branch it is where nobody says so


def deployed(flow: Flow, given: Given) -> tuple[Flow, list[Diagnostic]]:
    """Returns the flow with the branch in its `@project`, and what is wrong with it (FLOW146)."""
    found = project_of(flow)
    if found is None:
        if given.branch or given.production:
            option = "--branch" if given.branch else "--production"
            why = "only a flow of a project has branches"
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
            Diagnostic("FLOW146", f"`--branch {given.branch}` is not possible", found.span, wrong, "give such a name")
        ]
    if any(check(found, flow)):
        return flow, []  # which the decorator's own check says
    try:
        place = place_of(found, flow.name, NOBODY, given.branch, given.production)
    except Disagreement as error:
        return flow, [value_error(found, "branch", str(error), "remove one of them")]
    is_settled = not (given.whole_environment and place.is_user_branch)  # else the task knows whose branch it is
    made = deployed_to(found, place, given.branch, is_settled)
    return replace(
        flow, decorators=tuple(made if decorator is found else decorator for decorator in flow.decorators)
    ), []


def project_of(flow: Flow) -> Decorator | None:
    """Returns the flow's `@project`, if it has one."""
    return next((each for each in flow.decorators if each.name == "project"), None)


def place(flow: Flow) -> Place | None:
    """Returns where a flow that went through `deployed` is deployed; None without `@project`."""
    found = project_of(flow)
    return place_of(found, flow.name, NOBODY) if found is not None else None
