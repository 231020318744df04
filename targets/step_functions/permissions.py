"""The actions that each command may need on AWS, and those that the caller lacks.

`docs/deploying.md` has policies of these. IAM is asked (SimulatePrincipalPolicy), if the caller may ask it. If not,
nothing is known beforehand, and AWS's own refusal names the action.
"""

from __future__ import annotations

from flowc.targets.operating import EngineError

from .names import definition_prefix, schedule_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .account import Account

ANY = "*"  # of an action that has no resource
MACHINE = "machine"
ALIAS = "alias"  # and versions
EXECUTION = "execution"
DEFINITION = "definition"
SCHEDULE = "schedule"
JOB = "job"
LOG = "log"
_DEPLOYED = (
    ("states:DescribeStateMachine", MACHINE), ("states:DescribeStateMachine", ALIAS),
    ("states:ListTagsForResource", MACHINE), ("states:DescribeStateMachineAlias", ALIAS),
    ("batch:DescribeJobDefinitions", ANY),
)  # fmt: skip
_READ_MACHINE = (*_DEPLOYED, ("states:ListStateMachineVersions", MACHINE), ("scheduler:GetSchedule", SCHEDULE))
_READ_RUNS = (
    ("states:ListExecutions", MACHINE), ("states:DescribeExecution", EXECUTION),
    ("states:DescribeStateMachineForExecution", EXECUTION), ("states:GetExecutionHistory", EXECUTION),
    ("batch:DescribeJobs", ANY),
)  # fmt: skip
NEEDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "deploy": (
        *_READ_MACHINE, ("states:ListExecutions", MACHINE), ("states:ValidateStateMachineDefinition", ANY),
        ("batch:DescribeJobQueues", ANY), ("states:CreateStateMachine", MACHINE),
        ("states:UpdateStateMachine", MACHINE), ("states:PublishStateMachineVersion", MACHINE),
        ("states:DeleteStateMachineVersion", ALIAS), ("states:TagResource", MACHINE),
        ("states:CreateStateMachineAlias", MACHINE),
        ("states:UpdateStateMachineAlias", ALIAS), ("batch:RegisterJobDefinition", DEFINITION),
        ("batch:TagResource", DEFINITION), ("scheduler:CreateSchedule", SCHEDULE),
        ("scheduler:UpdateSchedule", SCHEDULE), ("scheduler:DeleteSchedule", SCHEDULE),
    ),
    "delete": (
        *_READ_MACHINE, ("states:ListExecutions", MACHINE), ("states:DeleteStateMachineAlias", ALIAS),
        ("states:DeleteStateMachine", MACHINE), ("batch:DeregisterJobDefinition", DEFINITION),
        ("scheduler:DeleteSchedule", SCHEDULE),
    ),
    "pause": (*_READ_MACHINE, ("scheduler:UpdateSchedule", SCHEDULE)),
    "trigger": (
        *_DEPLOYED, ("states:StartExecution", ALIAS), ("states:DescribeExecution", EXECUTION),
    ),
    "status": _READ_RUNS,
    "logs": (*_READ_RUNS, ("logs:GetLogEvents", LOG)),
    "terminate": (*_READ_RUNS, ("states:StopExecution", EXECUTION), ("batch:TerminateJob", JOB)),
}  # fmt: skip
NEEDS = {**NEEDS, "plan": tuple(need for need in NEEDS["deploy"] if need[0].split(":")[1].startswith(
    ("Describe", "List", "Get", "Validate")))}  # fmt: skip


def resources(account: Account, name: str) -> dict[str, tuple[str, ...]]:
    """Returns the resources of a deployment, by the words of NEEDS."""
    machine, execution = f"stateMachine:{name}", f"execution:{name}:*"
    return {
        ANY: (ANY,),
        MACHINE: (account.name_of("states", machine),),
        ALIAS: (account.name_of("states", f"{machine}:*"),),
        EXECUTION: (account.name_of("states", execution),),
        DEFINITION: (account.name_of("batch", f"job-definition/{definition_prefix(name)}*"),),
        SCHEDULE: (account.name_of("scheduler", f"schedule/default/{schedule_name(name)}"),),
        JOB: (account.name_of("batch", "job/*"),),
        LOG: (account.name_of("logs", "log-group:/aws/batch/job:log-stream:*"),),
    }


def denied(
    account: Account, verbs: Iterable[str], name: str = "", roles: Sequence[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """Returns the actions that the verbs need and the caller lacks, such as `states:UpdateStateMachine`.

    Without a name, only actions that have no resource are asked for. `roles` are to be passed on: (ARN, service).
    """
    source = _principal(account)
    if not source:
        return ()
    where = resources(account, name) if name else {ANY: (ANY,)}
    wanted: dict[tuple[str, ...], list[str]] = {}
    for action, word in dict.fromkeys(need for verb in verbs for need in NEEDS[verb]):
        if word in where:
            wanted.setdefault(where[word], []).append(action)
    questions: list[tuple[list[str], list[str], list[dict[str, Any]]]] = [
        (actions, list(arns), []) for arns, actions in wanted.items()
    ]
    for arn, service in dict.fromkeys(roles):
        to = {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [service], "ContextKeyType": "string"}
        questions.append((["iam:PassRole"], [arn], [to]))
    refused: list[str] = []
    for actions, arns, context in questions:
        try:
            results = account.listed(
                "iam", "SimulatePrincipalPolicy", "EvaluationResults", "Marker", PolicySourceArn=source,
                ActionNames=actions, ResourceArns=arns, ContextEntries=context,
            )  # fmt: skip
        except EngineError:  # it may not ask
            return ()
        for result in results:
            if result["EvalDecision"] != "allowed":
                on = result.get("EvalResourceName", ANY)
                refused.append(str(result["EvalActionName"]) + (f" on {on}" if on != ANY else ""))
    return tuple(dict.fromkeys(refused))


def _principal(account: Account) -> str:
    """Returns the ARN of the caller as IAM knows it; "" for one that it cannot be asked about."""
    kind, _, rest = account.arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":  # whose ARN lacks the path of the role
        try:
            answer = account.call("iam", "GetRole", RoleName=rest.partition("/")[0])
        except EngineError:
            return ""
        return str(answer["Role"]["Arn"])
    return account.arn if kind == "user" else ""
