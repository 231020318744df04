"""The job definitions of a deployment in AWS Batch.

A definition is named by its content (`names.py`). So there is one to register only if its name is unknown, or if
somebody has registered something else under it: jobs run the newest revision.
"""

from __future__ import annotations

import json

from flowc.targets.operating import ADD, CHANGE, DELETE, SAME, Change, Drift, EngineError, Field
from flowc.targets.shared.field_changes import field_changes

from .marks import DEPLOYMENT, marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from flowc.targets.operating import Wanted
    from flowc.targets.target import SpecFile

    from .account import Account

    Data = dict[str, Any]

KIND = "JobDefinition"
SUFFIX = ".batch.json"


def definitions(files: Sequence[SpecFile]) -> list[Data]:
    """Returns the definitions of the spec, as RegisterJobDefinition takes them."""
    return [one for file in files if file.name.endswith(SUFFIX) for one in json.loads(file.text)]


def changes(account: Account, wanted: Wanted, last: Sequence[SpecFile]) -> Iterator[Change]:
    """Yields what registers the definitions that Batch does not have."""
    earlier = {_step(one): one for one in definitions(last)}
    own = definitions(wanted.files)
    for one, live in zip(own, account.each(lambda one: _live(account, one["jobDefinitionName"]), own)):
        name = one["jobDefinitionName"]
        if live is None:
            before = earlier.get(_step(one))
            is_other = before is not None and before["jobDefinitionName"] != name
            fields = tuple(field_changes(shape(before), shape(one))) if before is not None and is_other else ()
            yield Change(ADD, KIND, name, fields, handle=(one, marks(wanted.name, wanted.records, wanted.flow), 0))
            continue
        fields = _compared(live, one)
        if fields and wanted.keep_drift:
            raise EngineError(
                f"{KIND} {name} cannot stay as it is: its name says what it holds",
                "change the flow or the options accordingly, or leave out `--keep-drift`",
            )
        drift = tuple(Drift(field.path, field.after, field.before, "", "") for field in fields)
        handle = (one, marks(wanted.name, wanted.records, wanted.flow), live["revision"])
        yield Change(CHANGE if fields else SAME, KIND, name, fields, drift, handle=handle)


def removals(account: Account, names: Iterable[str]) -> Iterator[Change]:
    """Yields what deregisters all revisions of the definitions."""
    named = list(dict.fromkeys(names))
    for name, revisions in zip(named, account.each(lambda name: _revisions(account, name), named)):
        if revisions:
            arns = tuple(one["jobDefinitionArn"] for one in revisions)
            yield Change(DELETE, KIND, name, note="no run can use it any more", handle=arns)


def tagged(account: Account, name: str) -> list[str]:
    """Returns the names of definitions with the deployment's tag, as far as the index of tags knows them."""
    try:
        found = account.listed(
            "resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", "PaginationToken",
            TagFilters=[{"Key": DEPLOYMENT, "Values": [marks(name, "", "")[DEPLOYMENT]]}],
            ResourceTypeFilters=["batch:job-definition"],
        )  # fmt: skip
    except EngineError:  # it may not ask; the versions of the machine name most of them
        return []
    return [str(one["ResourceARN"]).rpartition("job-definition/")[2].rpartition(":")[0] for one in found]


def write(account: Account, change: Change) -> None:
    """Applies what was planned. Raises EngineError with `is_outdated` if the definition is not as it was then."""
    if change.op == DELETE:
        for arn in change.handle:
            account.call("batch", "DeregisterJobDefinition", jobDefinition=arn)
        return
    one, tags, revision = change.handle
    live = _live(account, change.name)
    if live is not None and not _compared(live, one):
        return  # somebody has just registered the same
    if (live["revision"] if live is not None else 0) != revision:
        raise EngineError(f"{KIND} {change.name} has changed since it was planned", is_outdated=True)
    account.call("batch", "RegisterJobDefinition", **one, tags=tags)


def environment_of(account: Account, name: str) -> dict[str, str]:
    """Returns the variables of the definition's container; {} if there is no such definition."""
    live = _live(account, name)
    variables = (live or {}).get("containerProperties", {}).get("environment", [])
    return {one["name"]: one.get("value", "") for one in variables}


def step_of(account: Account, name: str) -> str:
    """Returns the step whose tasks the definition is for, from its command; "" if it is unknown."""
    command = ((_live(account, name) or {}).get("containerProperties", {})).get("command", [])
    return str(command[command.index("--step") + 1]) if "--step" in command[:-1] else ""


def _live(account: Account, name: str) -> Data | None:
    """Returns the revision that jobs run, or None."""
    return max(_revisions(account, name), key=lambda one: int(one["revision"]), default=None)


def _revisions(account: Account, name: str) -> list[Data]:
    return account.listed(
        "batch", "DescribeJobDefinitions", "jobDefinitions", jobDefinitionName=name, status="ACTIVE"
    )  # fmt: skip


def _step(definition: Data) -> str:
    """Returns the part of the name that is the same whatever the definition holds."""
    return str(definition["jobDefinitionName"]).rpartition("-")[0]


def _compared(live: Data | None, wanted: Data) -> tuple[Field, ...]:
    """Returns the fields in which a live definition differs. What Batch adds, with its defaults, does not count."""
    own = shape(wanted)
    return tuple(field_changes(_restricted(shape(live or {}), own), own))


def shape(definition: Data) -> Data:
    """Returns what is compared of a definition, with lists that are sets sorted by their names."""
    container = dict(definition.get("containerProperties", {}))
    for key, name in (
        ("environment", "name"), ("resourceRequirements", "type"), ("volumes", "name"), ("mountPoints", "containerPath")
    ):  # fmt: skip
        if container.get(key):
            items = [{"name": one[name], **{k: v for k, v in one.items() if k != name}} for one in container[key]]
            container[key] = sorted(items, key=lambda one: str(one["name"]))
    retry = dict(definition.get("retryStrategy", {}))
    retry["evaluateOnExit"] = [
        {key: value.upper() if key == "action" else value for key, value in rule.items()}
        for rule in retry.get("evaluateOnExit") or ()
    ]
    return {
        "parameters": definition.get("parameters", {}), "containerProperties": container, "retryStrategy": retry,
        "timeout": definition.get("timeout") or {},
    }  # fmt: skip


def _restricted(live: Any, wanted: Any) -> Any:
    """Returns `live` without the fields of objects that `wanted` does not have. Items of lists stay."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return {key: _restricted(value, wanted[key]) for key, value in live.items() if key in wanted}
    if isinstance(live, list) and isinstance(wanted, list):
        named = {one["name"]: one for one in wanted if isinstance(one, dict) and "name" in one}
        return [_restricted(one, named.get(one.get("name"), one)) if isinstance(one, dict) else one for one in live]
    return live
