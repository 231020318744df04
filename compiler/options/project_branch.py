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
    from .compile_inputs import CompileOptions

NOBODY = "default"  # the user of a compile without a branch


def deployed(flow: Flow, options: CompileOptions) -> tuple[Flow, list[Diagnostic]]:
    """Returns the flow with the branch in its `@project`, and FLOW146 if the branch is invalid."""
    project = project_of(flow)
    if project is None:
        if options.branch or options.production:
            option = "--branch" if options.branch else "--production"
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
    if options.branch and (wrong := wrong_name(options.branch)):
        return flow, [
            Diagnostic(
                "FLOW146",
                f"invalid branch: `--branch {options.branch}`",
                project.span,
                wrong,
                "choose a different name",
            )
        ]
    if any(check(project, flow)):
        return flow, []  # which the decorator's check reports
    try:
        place = place_of(project, flow.name, NOBODY, options.branch, options.production)
    except Disagreement as error:
        return flow, [value_error(project, "branch", str(error), "remove one of them")]
    is_settled = not (options.whole_environment and place.is_user_branch)  # else the task knows its user
    replacement = deployed_to(project, place, options.branch, is_settled)
    return replace(
        flow, decorators=tuple(replacement if decorator is project else decorator for decorator in flow.decorators)
    ), []


def project_of(flow: Flow) -> Decorator | None:
    """Returns the flow's `@project`, if it has one."""
    return next((decorator for decorator in flow.decorators if decorator.name == "project"), None)


def place(flow: Flow) -> Place | None:
    """Returns the place of a flow that went through `deployed`; None without `@project`."""
    project = project_of(flow)
    return place_of(project, flow.name, NOBODY) if project is not None else None
