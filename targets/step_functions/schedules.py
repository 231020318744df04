"""The schedule of a deployment in EventBridge Scheduler, which starts runs by the machine's alias.

A deploy leaves `State` as it is, so that a pause stays, and so it leaves what others have added, such as a queue for
starts that failed: UpdateSchedule replaces the whole schedule, and is given what is there.
"""

from __future__ import annotations

import json

from flowc.targets.operating import ADD, CHANGE, DELETE, SAME, Change, Drift, EngineError
from flowc.targets.shared.field_changes import deviations, field_changes

from .machines import alias_arn, arn_of
from .marks import described, description_mark
from .names import schedule_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.targets.operating import Wanted
    from flowc.targets.target import SpecFile

    from .account import Account

    Data = dict[str, Any]

KIND = "Schedule"
SUFFIX = ".schedule.json"
ENABLED, DISABLED = "ENABLED", "DISABLED"
# The fields of UpdateSchedule. GetSchedule answers with some others.
_FIELDS = (
    "Name", "GroupName", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate",
    "FlexibleTimeWindow", "Target", "State", "KmsKeyArn", "ActionAfterCompletion",
)  # fmt: skip


def wanted_schedule(account: Account, name: str, files: Sequence[SpecFile], role: str) -> Data | None:
    """Returns the schedule of the spec, with its two ARNs filled in, or None."""
    text = next((file.text for file in files if file.name.endswith(SUFFIX)), "")
    if not text:
        return None
    schedule = dict(json.loads(text))
    schedule["Target"] = {**schedule["Target"], "Arn": alias_arn(account, name), "RoleArn": role}
    return schedule


def live(account: Account, name: str) -> Data | None:
    """Returns the schedule of the machine, or None."""
    return account.find("scheduler", "GetSchedule", Name=schedule_name(name))


def changes(account: Account, wanted: Wanted, last: Sequence[SpecFile], role: str) -> tuple[Change, ...]:
    """Returns what becomes of the schedule."""
    own, current = wanted_schedule(account, wanted.name, wanted.files, role), live(account, wanted.name)
    if own is None:
        return () if current is None or mark_of(current) != wanted.records else (removal(current),)
    state = own.pop("State", ENABLED)
    name = str(own["Name"])
    if current is None:
        paused = wanted.starts_paused or state == DISABLED
        own["State"] = DISABLED if paused else ENABLED
        note = "it starts paused" if paused else ""
        return (Change(ADD, KIND, name, note=note, handle=(_with_mark(own, wanted), None)),)
    earlier = wanted_schedule(account, wanted.name, last, role)
    drift: tuple[Drift, ...] = ()
    if earlier is not None:
        earlier.pop("State", None)
        drift = tuple(_drift(account, earlier, own, current))
        if wanted.keep_drift:
            own = _with(own, drift)
    fields = tuple(field_changes(_shown(current, own), own))
    owner = _owner(account, wanted, current)
    handle = (_with_mark(own, wanted), current)
    op = CHANGE if fields or owner else SAME
    return (Change(op, KIND, name, fields, drift, owner=owner, handle=handle),)


def _with_mark(own: Data, wanted: Wanted) -> Data:
    return {**own, "Description": described(own["Description"], wanted.records)}


def removal(current: Data) -> Change:
    return Change(DELETE, KIND, str(current["Name"]), note="it stops firing; its runs stay", handle=current)


def write(account: Account, change: Change) -> None:
    """Applies what was planned. Raises EngineError with `is_outdated` if the schedule is not as it was then."""
    if change.op == DELETE:
        account.find("scheduler", "DeleteSchedule", Name=change.name)
        return
    own, planned = change.handle
    current = account.find("scheduler", "GetSchedule", Name=change.name)
    if _without_state(current) != _without_state(planned):
        raise EngineError(f"{KIND} {change.name} has changed since it was planned", is_outdated=True)
    if current is None:
        account.call("scheduler", "CreateSchedule", **own)
        return
    target = {**current["Target"], **own["Target"]}
    _update(account, {**current, **own, "Target": target, "State": current.get("State", ENABLED)})


def pause(account: Account, name: str, paused: bool) -> bool:
    """Stops or resumes the schedule. Returns False if that was so already. Raises EngineError without a schedule."""
    current = live(account, name)
    if current is None:
        raise EngineError(f"`{name}` has no schedule", "add `@schedule` to the flow and deploy it")
    state = DISABLED if paused else ENABLED
    if current.get("State", ENABLED) == state:
        return False
    _update(account, {**current, "State": state})
    return True


def mark_of(current: Data) -> str:
    return description_mark(current.get("Description") or "")[1]


def shown(current: Data) -> str:
    """Returns the schedule for people: `cron(0 3 * * ? *) Europe/Berlin`."""
    zone = current.get("ScheduleExpressionTimezone") or "UTC"
    return f"{current['ScheduleExpression']} {zone}"


def is_paused(current: Data) -> bool:
    return bool(current.get("State") == DISABLED)


def _update(account: Account, schedule: Data) -> None:
    fields = {key: schedule[key] for key in _FIELDS if schedule.get(key) is not None}
    account.call("scheduler", "UpdateSchedule", **fields)


def _shown(current: Data, own: Data) -> Data:
    """Returns what is compared: the fields that flowc writes, without the mark."""
    plain = {**current, "Description": description_mark(current.get("Description") or "")[0]}
    plain["Target"] = {key: value for key, value in current["Target"].items() if key in own["Target"]}
    return {key: plain.get(key) for key in own}


def _without_state(current: Data | None) -> Data:
    return {key: (current or {}).get(key) for key in _FIELDS if key != "State"}


def _drift(account: Account, earlier: Data, own: Data, current: Data) -> list[Drift]:
    from .audit import last_change

    found = [
        field
        for field in deviations(earlier, _shown(current, own))
        # the two ARNs are settings of this place, which may have changed since
        if _at(own, field.path) != field.after and field.path not in ("Target.Arn", "Target.RoleArn")
    ]
    if not found:
        return []
    who, at = last_change(account, str(current.get("Arn", current["Name"])), current.get("LastModificationDate"))
    return [Drift(field.path, field.before, field.after, who, at) for field in found]


def _at(schedule: Any, path: str) -> Any:
    for key in path.split("."):
        schedule = schedule.get(key) if isinstance(schedule, dict) else None
    return schedule


def _with(own: Data, drift: Sequence[Drift]) -> Data:
    """Returns the schedule with what others have changed."""
    result = json.loads(json.dumps(own))
    for one in drift:
        node, keys = result, one.path.split(".")
        for key in keys[:-1]:
            node = node[key]
        node[keys[-1]] = one.live
    return dict(result)


def _owner(account: Account, wanted: Wanted, current: Data) -> str:
    """Returns who owns the schedule, or "" for this deployment."""
    mark = mark_of(current)
    if mark == wanted.records:
        return ""
    if mark:
        return f"the deployment with its records in {mark}"
    target = str(current["Target"].get("Arn", ""))
    own = (arn_of(account, wanted.name), alias_arn(account, wanted.name))
    return f"somebody who made it without flowc, to start {'this state machine' if target in own else target}"
