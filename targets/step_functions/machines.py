"""The state machine of a deployment, its versions, and the alias `live` that runs are started by.

A deploy updates the machine and publishes that as a version, then moves the alias. So a run keeps the version that it
began with, and a deploy that is cut off in between has changed nothing for new runs.
"""

from __future__ import annotations

import json

from flowc.targets.operating import ADD, CHANGE, DELETE, SAME, Change, Drift, EngineError, Field
from flowc.targets.shared.field_changes import field_changes

from .account import Conflict, Denied, Missing
from .marks import FLOW, RECORDS, as_dict, as_list, marked, marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flowc.targets.operating import Wanted
    from flowc.targets.target import SpecFile

    from .account import Account

    Data = dict[str, Any]

MACHINE, ALIAS = "StateMachine", "Alias"
LIVE = "live"  # the alias
KEPT = 100  # versions of a machine, which may have 1,000 (Step Functions, quotas). A rollback needs none of them.
SUFFIX = ".asl.json"
_LETTERS = 256  # of a version's description


def arn_of(account: Account, name: str) -> str:
    return account.name_of("states", f"stateMachine:{name}")


def alias_arn(account: Account, name: str) -> str:
    return f"{arn_of(account, name)}:{LIVE}"


def text_of(files: Sequence[SpecFile]) -> str:
    """Returns the definition of the spec; "" without one."""
    return next((file.text for file in files if file.name.endswith(SUFFIX)), "")


def live(account: Account, name: str) -> Data | None:
    """Returns the machine with its tags, or None. `definition` is parsed."""
    machine = account.find("stepfunctions", "DescribeStateMachine", stateMachineArn=arn_of(account, name))
    if machine is None:
        return None
    return _parsed(machine, tags_of(account, name))


def tags_of(account: Account, name: str) -> dict[str, str]:
    answer = account.find("stepfunctions", "ListTagsForResource", resourceArn=arn_of(account, name)) or {}
    return as_dict(answer.get("tags", []))


def version(account: Account, arn: str) -> Data | None:
    """Returns a version, with its definition parsed, or None."""
    found = account.find("stepfunctions", "DescribeStateMachine", stateMachineArn=arn)
    return _parsed(found, {}) if found is not None else None


def alias(account: Account, name: str) -> Data | None:
    """Returns the alias, or None."""
    return account.find("stepfunctions", "DescribeStateMachineAlias", stateMachineAliasArn=alias_arn(account, name))


def versions(account: Account, name: str) -> list[str]:
    """Returns the ARNs of the versions, newest first."""
    try:
        found = account.listed(
            "stepfunctions", "ListStateMachineVersions", "stateMachineVersions", stateMachineArn=arn_of(account, name)
        )
    except Missing:
        return []
    arns = [str(one["stateMachineVersionArn"]) for one in found]
    return sorted(arns, key=number_of, reverse=True)


def number_of(version_arn: str) -> int:
    return int(version_arn.rpartition(":")[2])


def _parsed(machine: Data, tags: dict[str, str]) -> Data:
    try:
        definition = json.loads(machine["definition"])
    except (KeyError, ValueError):  # encrypted with a key that is out of reach
        definition = {}
    return {**machine, "definition": definition, "tags": tags}


# ── plan ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def changes(account: Account, wanted: Wanted, last: Sequence[SpecFile], role: str) -> Iterator[Change]:
    """Yields what becomes of the machine and of the alias. `role` is the ARN of the machine's role."""
    machine = live(account, wanted.name)
    current = alias(account, wanted.name) if machine is not None else None
    if machine is not None and machine.get("status") == "DELETING":
        hint = "wait until it is gone, and run the same command again"
        raise EngineError(f"{MACHINE} {wanted.name} is being deleted", hint)
    if machine is not None and machine.get("type", "STANDARD") != "STANDARD":
        hint = "choose a different `--name`: the type of a state machine cannot be changed"
        raise EngineError(f"{MACHINE} {wanted.name} is of type {machine['type']}, and flowc needs STANDARD", hint)
    own = {"definition": json.loads(text_of(wanted.files)), "roleArn": role}
    earlier = json.loads(text_of(last)) if text_of(last) else None
    if machine is not None and earlier is not None and wanted.keep_drift:
        own["definition"] = kept(own["definition"], earlier, machine["definition"])
    tags = marks(wanted.name, wanted.records, wanted.flow)
    planned = Planned(own, text_of(wanted.files), tags, f"{wanted.code} of flow {wanted.flow}", machine, current)
    if machine is None:
        yield Change(ADD, MACHINE, wanted.name, handle=planned)
        yield Change(ADD, ALIAS, f"{wanted.name}:{LIVE}", note="runs are started by it", handle=planned)
        return
    owner = _owner(machine, wanted.records)
    fields = tuple(_fields({key: machine[key] for key in own}, own))
    drift = tuple(_drift(account, machine, earlier, own))
    yield Change(
        CHANGE if fields or owner else SAME, MACHINE, wanted.name, fields, drift, owner=owner, handle=planned,
        note="publishes a new version" if fields else "",
    )  # fmt: skip
    yield _alias_change(account, wanted, planned, earlier)


class Planned:
    """What is to be, and what was there when that was planned."""

    def __init__(
        self, own: Data, text: str, tags: dict[str, str], about: str, machine: Data | None, current: Data | None
    ) -> None:
        self.own, self.tags, self.about = own, tags, about[:_LETTERS]
        self.text = text if json.loads(text) == own["definition"] else json.dumps(own["definition"])
        self.machine, self.current = machine, current

    def is_of(self, one: Data | None) -> bool:
        """Returns True if the machine or version is as it should be."""
        return one is not None and all(one[key] == value for key, value in self.own.items())


def _alias_change(account: Account, wanted: Wanted, planned: Planned, earlier: Data | None) -> Change:
    name, current = f"{wanted.name}:{LIVE}", planned.current
    if current is None:
        return Change(ADD, ALIAS, name, note="runs are started by it", handle=planned)
    routes = current["routingConfiguration"]
    found = account.each(lambda route: version(account, route["stateMachineVersionArn"]), routes)
    if len(routes) == 1 and planned.is_of(found[0]):
        return Change(SAME, ALIAS, name, handle=planned)
    before = " and ".join(
        f"version {number_of(route['stateMachineVersionArn'])}" + (f" ({route['weight']} %)" if len(routes) > 1 else "")
        for route in routes
    )
    newest = next(iter(versions(account, wanted.name)), "")
    newest_data = version(account, newest) if newest else None
    after = f"version {number_of(newest)}" if planned.is_of(newest_data) else "a new version"
    drift: tuple[Drift, ...] = ()
    if earlier is not None and (len(routes) > 1 or found[0] is None or found[0]["definition"] != earlier):
        if wanted.keep_drift:
            hint = "leave out `--keep-drift`: a deploy moves the alias to its version"
            raise EngineError(f"{ALIAS} {name} was moved to {before}, and cannot stay there", hint)
        is_newest = newest_data is not None and newest_data["definition"] == earlier
        deployed = f"version {number_of(newest)}" if is_newest else "the version of the last deployment"
        who, at = _changer(account, alias_arn(account, wanted.name), current.get("updateDate"))
        drift = (Drift("routingConfiguration", deployed, before, who, at),)
    return Change(CHANGE, ALIAS, name, (Field("routingConfiguration", before, after),), drift, handle=planned)


def kept(wanted: Any, earlier: Any, live: Any) -> Any:
    """Returns `wanted` with the fields from `live` that others have changed since `earlier`.

    >>> kept({"a": 2, "b": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 5, "c": 3})
    {'a': 2, 'b': 5, 'c': 3}
    """
    if live == earlier:
        return wanted
    if not (isinstance(wanted, dict) and isinstance(earlier, dict) and isinstance(live, dict)):
        return live
    result = {}
    for key in (*wanted, *(key for key in live if key not in wanted)):
        if key in live and live[key] == earlier.get(key) and key in earlier:
            if key in wanted:
                result[key] = wanted[key]
        elif key in live:
            result[key] = kept(wanted[key], earlier[key], live[key]) if key in wanted and key in earlier else live[key]
        elif key not in earlier:
            result[key] = wanted[key]
    return result


def _drift(account: Account, machine: Data, earlier: Data | None, own: Data) -> Iterator[Drift]:
    """Yields what others have changed of the definition that was deployed last."""
    if earlier is None or machine["definition"] in (earlier, own["definition"]):
        return
    who, at = _changer(account, machine["stateMachineArn"], machine.get("updateDate"))
    for field in _fields({"definition": earlier}, {"definition": machine["definition"]}):
        yield Drift(field.path, field.before, field.after, who, at)


def _fields(before: Data, after: Data) -> Iterator[Field]:
    """Yields what differs. A state is called by its name alone, which no other state of the machine has."""
    for field in field_changes(before, after):
        _, separator, inner = field.path.rpartition("States.")
        yield Field(inner if separator else field.path, field.before, field.after)


def _changer(account: Account, arn: str, at: Any) -> tuple[str, str]:
    from .audit import last_change

    return last_change(account, arn, at)


def _owner(machine: Data, records: str) -> str:
    """Returns who owns the machine, or "" for this deployment."""
    mark = marked(machine["tags"], RECORDS)
    if mark == records:
        return ""
    return f"the deployment with its records in {mark}" if mark else "somebody who made it without flowc"


def removals(account: Account, name: str, machine: Data, running: int) -> Iterator[Change]:
    """Yields what removes the alias, the definitions that any version names, and the machine with its versions."""
    from . import job_registry

    current = alias(account, name)
    if current is not None:
        yield Change(DELETE, ALIAS, f"{name}:{LIVE}", note="it can no longer be started", handle=current)
    arns = versions(account, name)
    everything = [machine, *(one for one in account.each(lambda arn: version(account, arn), arns) if one is not None)]
    named = (job for one in everything for _, job, _ in submissions(one["definition"]))
    own = [job for job in named if job.startswith(_prefix(name))]
    tagged = [job for job in job_registry.tagged(account, name) if job.startswith(_prefix(name))]
    yield from job_registry.removals(account, (*own, *tagged))
    note = f"with its {len(arns)} version{'s' if len(arns) != 1 else ''}"
    if running:
        note += f"; Step Functions ends its runs ({running}) before their next task"
    yield Change(DELETE, MACHINE, name, note=note, handle=machine)


def _prefix(name: str) -> str:
    from .names import definition_prefix

    return definition_prefix(name)


def submissions(machine: Data) -> Iterator[tuple[str, str, str]]:
    """Yields the name, the job definition and the queue of each state that submits a job."""
    for name, state in machine.get("States", {}).items():
        if state.get("Type") == "Task" and ":batch:submitJob" in state.get("Resource", ""):
            parameters = state.get("Parameters", {})
            yield name, str(parameters.get("JobDefinition", "")), str(parameters.get("JobQueue", ""))
        for inside in (*state.get("Branches", ()), state.get("ItemProcessor"), state.get("Iterator")):
            if inside:
                yield from submissions(inside)


def declared(machine: Data) -> tuple[str, dict[str, Any]]:
    """Returns the flow and its parameters' rules, which the machine holds to check its input (`input_check.py`)."""
    state = machine.get("States", {}).get("declared parameters", {}).get("Result", {})
    return str(state.get("flow", "")), dict(state.get("parameters", {}))


# ── apply ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def write(account: Account, change: Change, published: dict[str, str]) -> None:
    """Applies what was planned. `published` holds the newest version of each machine that this process has published.

    Raises EngineError with `is_outdated` if the object is not as it was when it was planned.
    """
    if change.op == DELETE:
        if change.kind == ALIAS:
            account.find(
                "stepfunctions", "DeleteStateMachineAlias", stateMachineAliasArn=change.handle["stateMachineAliasArn"]
            )
        else:
            account.find("stepfunctions", "DeleteStateMachine", stateMachineArn=change.handle["stateMachineArn"])
        return
    if change.kind == ALIAS:
        _write_alias(account, change, published)
    else:
        _write_machine(account, change, published)


def _write_machine(account: Account, change: Change, published: dict[str, str]) -> None:
    planned: Planned = change.handle
    before, machine = planned.machine, live(account, change.name)
    if (machine is None) != (before is None) or (
        machine is not None
        and before is not None
        and any(machine[key] != before[key] for key in ("definition", "roleArn", "tags"))
    ):
        raise EngineError(f"{MACHINE} {change.name} has changed since it was planned", is_outdated=True)
    about = {"publish": True, "versionDescription": planned.about}
    if machine is None:
        try:
            answer = account.call(
                "stepfunctions", "CreateStateMachine", name=change.name, definition=planned.text,
                roleArn=planned.own["roleArn"], type="STANDARD", tags=as_list(planned.tags), **about,
            )  # fmt: skip
        except Conflict:
            raise EngineError(f"{MACHINE} {change.name} was made meanwhile", is_outdated=True) from None
    else:
        _make_room(account, change.name)
        arn = machine["stateMachineArn"]
        if {**machine["tags"], **planned.tags} != machine["tags"]:  # first: what follows is then this deployment's
            account.call("stepfunctions", "TagResource", resourceArn=arn, tags=as_list(planned.tags))
        if planned.is_of(machine):
            return
        answer = account.call(
            "stepfunctions", "UpdateStateMachine", stateMachineArn=arn, definition=planned.text,
            roleArn=planned.own["roleArn"], **about,
        )  # fmt: skip
    if answer.get("stateMachineVersionArn"):
        published[change.name] = str(answer["stateMachineVersionArn"])


def _make_room(account: Account, name: str) -> None:
    """Deletes the oldest versions, but for those that an alias names. Their runs go on, and can be redriven."""
    for arn in versions(account, name)[KEPT - 1 :]:
        try:
            account.find("stepfunctions", "DeleteStateMachineVersion", stateMachineVersionArn=arn)
        except Conflict:  # an alias names it
            continue


def _write_alias(account: Account, change: Change, published: dict[str, str]) -> None:
    planned: Planned = change.handle
    name = change.name.rpartition(":")[0]
    current = alias(account, name)
    if _routes(current) != _routes(planned.current):
        raise EngineError(f"{ALIAS} {change.name} has changed since it was planned", is_outdated=True)
    newest = published.get(name) or _published(account, name, planned)
    routes = [{"stateMachineVersionArn": newest, "weight": 100}]
    if current is None:
        account.call(
            "stepfunctions", "CreateStateMachineAlias", name=LIVE, routingConfiguration=routes,
            description="flowc deploys to this alias; runs and schedules start by it",
        )  # fmt: skip
    else:
        account.call(
            "stepfunctions", "UpdateStateMachineAlias", stateMachineAliasArn=alias_arn(account, name),
            routingConfiguration=routes,
        )  # fmt: skip


def _published(account: Account, name: str, planned: Planned) -> str:
    """Returns the newest version if it is the planned one, else a version that is published now."""
    newest = next(iter(versions(account, name)), "")
    if newest and planned.is_of(version(account, newest)):
        return newest
    machine = live(account, name)
    if not planned.is_of(machine):
        raise EngineError(f"{MACHINE} {name} has changed since it was planned", is_outdated=True)
    answer = account.call(
        "stepfunctions", "PublishStateMachineVersion", stateMachineArn=arn_of(account, name), description=planned.about
    )
    return str(answer["stateMachineVersionArn"])


def _routes(current: Data | None) -> list[tuple[str, int]]:
    routes = current["routingConfiguration"] if current is not None else []
    return [(str(route["stateMachineVersionArn"]), int(route["weight"])) for route in routes]


def names(account: Account) -> list[str]:
    """Returns the names of the state machines that carry a mark of flowc's.

    The index of tags lags some seconds behind. Whoever may not ask it must look at each machine.
    """
    try:
        found = account.listed(
            "resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", "PaginationToken",
            TagFilters=[{"Key": RECORDS}], ResourceTypeFilters=["states:stateMachine"],
        )  # fmt: skip
        return sorted(str(one["ResourceARN"]).rpartition(":")[2] for one in found)
    except Denied:
        pass
    every = [str(one["name"]) for one in account.listed("stepfunctions", "ListStateMachines", "stateMachines")]
    return [
        name for name, tags in zip(every, account.each(lambda one: tags_of(account, one), every)) if RECORDS in tags
    ]


def flow_of(machine: Data) -> str:
    """Returns the flow's name, from the mark or from the definition."""
    return marked(machine["tags"], FLOW) or declared(machine["definition"])[0]
