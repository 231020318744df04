"""Checks that AWS makes of a deployment before flowc writes anything: the definition, the queues, the roles."""

from __future__ import annotations

import json

from flowc.targets.operating import EngineError

from .account import Denied, Missing
from .machines import submissions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .account import Account


def definition(account: Account, text: str) -> None:
    """Raises EngineError with everything that Step Functions finds wrong in the definition."""
    answer = account.call(
        "stepfunctions", "ValidateStateMachineDefinition", definition=text, type="STANDARD", severity="ERROR"
    )
    if answer["result"] == "OK":
        return
    problems = [
        f"{one.get('location') or '/'}: {one.get('message', '')} ({one.get('code', '')})"
        for one in answer.get("diagnostics", [])
    ]
    raise EngineError("Step Functions refuses the state machine: " + "; ".join(problems))


def queues(account: Account, machine: Any) -> None:
    """Raises EngineError for a job queue that is missing or does not take jobs."""
    names = list(dict.fromkeys(queue for _, _, queue in submissions(machine)))
    found = account.listed("batch", "DescribeJobQueues", "jobQueues", jobQueues=names)
    by_name = {key: one for one in found for key in (one["jobQueueName"], one["jobQueueArn"])}
    for name in names:
        if name not in by_name:
            raise EngineError(
                f"there is no job queue `{name}` in account {account.id}, region {account.region}",
                "name one with `--job-queue` or `@batch(queue=…)`; `aws batch describe-job-queues` lists them",
            )
        if by_name[name].get("state") != "ENABLED":
            raise EngineError(f"the job queue `{name}` takes no jobs: it is disabled", "enable it, or name another")


def roles(account: Account, wanted: Iterable[tuple[str, str, str]]) -> None:
    """Raises EngineError for a role that is missing, or that its service may not assume.

    `wanted` are (ARN, service, the setting that names it). Roles that the caller may not look at are passed over.
    """
    for arn, service, setting in wanted:
        try:
            role = account.call("iam", "GetRole", RoleName=arn.rpartition("/")[2])["Role"]
        except Missing:
            raise EngineError(
                f"there is no role {arn}", f"create it, or name a different one with `{setting}`"
            ) from None
        except Denied:
            continue
        if not _trusts(role.get("AssumeRolePolicyDocument"), service):
            raise EngineError(
                f"{service} may not assume the role {arn}",
                f"let its trust policy allow `sts:AssumeRole` to the service {service}, or name a different role with "
                f"`{setting}`",
            )


def of_jobs(account: Account, definitions: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Returns the roles that containers have, as `roles` takes them."""
    fields = (("jobRoleArn", "--job-role"), ("executionRoleArn", "--execution-role"))
    found = {
        account.role(one["containerProperties"][field]): setting
        for one in definitions for field, setting in fields if one["containerProperties"].get(field)
    }  # fmt: skip
    return [(arn, "ecs-tasks.amazonaws.com", setting) for arn, setting in found.items()]


def _trusts(document: Any, service: str) -> bool:
    """Returns True if the trust policy allows the service to assume the role."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return True
    prefix, _, rest = service.partition(".")
    for statement in _several((document or {}).get("Statement", [])):
        principal = statement.get("Principal", {})
        services = ["*"] if principal == "*" else _several(principal.get("Service", [])) + _several(
            principal.get("AWS", []) if principal.get("AWS") == "*" else []
        )  # fmt: skip
        if statement.get("Effect") == "Allow" and any(
            one in ("*", service) or (one.startswith(f"{prefix}.") and one.endswith(f".{rest}")) for one in services
        ):
            return True
    return False


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
