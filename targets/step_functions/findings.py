"""What a place on AWS has, and lacks, for `flowc doctor`."""

from __future__ import annotations

from flowc.targets.operating import FINE, MISSING, UNKNOWN, EngineError, Finding

from . import permissions, server_checks
from .account import POLICIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .account import Account


def findings(account: Account, options: Mapping[str, str], machine_role: str, scheduler_role: str) -> Iterator[Finding]:
    """Yields a finding for the account, the roles, the job queue and the permissions that have no resource."""
    yield Finding(FINE, f"account {account.id}, region {account.region}", f"signed in as {account.arn}")
    jobs = ("job role", options.get("job-role", ""), "ecs-tasks.amazonaws.com", "--job-role")
    machine = ("role of the state machine", machine_role, "states.amazonaws.com", "--machine-role")
    scheduler = ("role of schedules", scheduler_role, "scheduler.amazonaws.com", "--scheduler-role")
    for what, name, service, setting in (machine, scheduler, jobs):
        if not name:
            if setting == "--machine-role":
                yield Finding(MISSING, what, "a deploy needs it", f"give `{setting} ROLE`")
            continue
        arn = account.role(name)
        yield _asked(f"{what} {arn}", lambda: server_checks.roles(account, [(arn, service, setting)]))  # noqa: B023
    queue = options.get("job-queue", "")
    if queue:
        state = {"States": {"a": {"Type": "Task", "Resource": ":batch:submitJob", "Parameters": {"JobQueue": queue}}}}
        yield _asked(f"job queue {queue}", lambda: server_checks.queues(account, state))
    missing = permissions.denied(account, ("deploy", "delete", "trigger", "status", "logs", "terminate"))
    if missing:
        yield Finding(MISSING, "permissions", f"not allowed: {', '.join(missing)}", POLICIES)


def _asked(what: str, check: Callable[[], None]) -> Finding:
    """Returns the result of a check that raises EngineError for what is missing."""
    try:
        check()
    except EngineError as error:
        is_unknown = "not authorized" in error.message or "does not answer" in error.message
        return Finding(UNKNOWN if is_unknown else MISSING, what, error.message, error.hint)
    return Finding(FINE, what)
