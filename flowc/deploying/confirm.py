"""The one question before something is written. Without a terminal nothing is asked."""

from __future__ import annotations

import os
import sys

from ..terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..contexts import Context
    from .plan import Plan

APPROVE = "FLOWC_APPROVE"  # names the protected context that a command without a terminal may change


def confirm(what: str, name: str, context: Context, yes: bool) -> None:
    """Asks, or checks that nobody needs to be asked. Raises Failure unless it may go on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if not yes:
            raise Failure("there is no terminal to ask on, and nothing was changed: add `--yes`")
        if context.protected and os.environ.get(APPROVE) != context.name:
            raise Failure(
                f"context {context.name} is protected, and nothing was changed: set {APPROVE}={context.name} as well"
            )
        return
    if context.protected:
        answer = _ask(f"{what} on {context.name}, which is protected? Type the deployment's name ({name}): ")
        if answer != name:
            raise Failure("nothing was changed")
    elif not yes and _ask(f"{what}? [y/N] ").lower() not in ("y", "yes"):
        raise Failure("nothing was changed")


def _ask(question: str) -> str:
    sys.stdout.flush()
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
    return line.strip()


def refuse_foreign(plan: Plan) -> None:
    """Raises Failure if the plan changes what others own, without `--take-over`."""
    if plan.foreign and not plan.wanted.take_over:
        names = ", ".join(f"{change.kind} {change.name}" for change in plan.foreign)
        raise Failure(
            f"{names} belongs to {plan.foreign[0].owner}, and nothing was changed: "
            "choose a different `--name`, or take it over with `--take-over`"
        )
