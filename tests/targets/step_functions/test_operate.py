"""The parts of the operator that need no server: marks, what counts as a difference, and what a history says of tasks."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest
from flowc.targets.operating import FAILED, PENDING, RUNNING, SUCCEEDED, TERMINATED, TIMED_OUT
from flowc.targets.step_functions.account import Account
from flowc.targets.step_functions.execution_tasks import MOST_ITEMS, ending, of_history, reason, tasks
from flowc.targets.step_functions.job_registry import _compared
from flowc.targets.step_functions.machines import kept, submissions
from flowc.targets.step_functions.marks import RECORDS, described, description_mark, marked, marks
from flowc.targets.step_functions.permissions import NEEDS
from flowc.targets.step_functions.server_checks import _trusts
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.regenerate import ROOT

AT = datetime(2026, 11, 30, 6, tzinfo=timezone.utc)
TAG = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/=+-@ ")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=400))
def test_a_mark_is_a_tag_and_comes_back(text: str) -> None:
    tags = marks("train", text, "Train")
    assert marked(tags, RECORDS) == text
    assert all(len(value) <= 256 and TAG.issuperset(value) for value in tags.values())


@given(st.text(max_size=600), st.from_regex(r"s3://[a-z]{3,20}/[A-Za-z0-9%/_.~-]{1,200}", fullmatch=True))
def test_a_mark_in_a_description(text: str, records: str) -> None:
    description = described(text, records)
    assert len(description) <= 512 and description_mark(description)[1] == records


JSON = st.recursive(
    st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.dictionaries(st.sampled_from("pqr"), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("pqr"), JSON)


@given(OBJECTS, OBJECTS)
def test_nothing_is_kept_of_what_nobody_has_changed(wanted: Any, earlier: Any) -> None:
    assert kept(wanted, earlier, earlier) == wanted
    assert kept(earlier, earlier, wanted) == wanted, "and all of it where only others have changed something"


def definition(**container: Any) -> dict[str, Any]:
    return {
        "jobDefinitionName": "train--fit-1", "type": "container", "parameters": {"path": "-"},
        "containerProperties": {
            "image": "python", "command": ["python"],
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "4096"}],
            "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
            "mountPoints": [{"sourceVolume": "v", "containerPath": "/mnt"}],
            **container,
        },
        "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onExitCode": "202", "action": "EXIT"}]},
    }  # fmt: skip


def test_what_batch_adds_is_no_difference() -> None:
    own = definition()
    live = definition(
        environment=own["containerProperties"]["environment"][::-1], ulimits=[], secrets=[], networkInterfaces=[],
        volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}}],
        mountPoints=[{"sourceVolume": "v", "containerPath": "/mnt", "readOnly": False}],
    )  # fmt: skip
    live |= {"revision": 3, "status": "ACTIVE", "propagateTags": False, "timeout": {}, "tags": {}}
    live["retryStrategy"]["evaluateOnExit"][0]["action"] = "exit"
    assert _compared(live, own) == ()
    live["containerProperties"]["environment"].append({"name": "C", "value": "3"})
    live["containerProperties"]["resourceRequirements"][1]["value"] = "8192"
    assert [(field.path, field.before, field.after) for field in _compared(live, own)] == [
        ("containerProperties.environment[C]", {"name": "C", "value": "3"}, None),
        ("containerProperties.resourceRequirements[MEMORY].value", "8192", "4096"),
    ]


# ── a history, in the form of GetExecutionHistory ───────────────────────────────────────────────────────────────────

STEPS = {"start": "start", "fit": "fit", "end": "end"}


def job(status: str = "", code: int | None = None, attempts: int = 1, **more: Any) -> str:
    """A job's description, as the output and the cause of `submitJob.sync` have it."""
    container = {"LogStreamName": "s", **({"ExitCode": code} if code is not None else {})}
    return json.dumps(
        {
            "JobId": "j1", "StatusReason": status, "StartedAt": 1_000, "StoppedAt": 9_000, "Container": container,
            "Attempts": [{"Container": container} for _ in range(attempts)], **more,
        }
    )  # fmt: skip


def policy(name: str) -> list[dict[str, Any]]:
    """The statements of a policy of the page."""
    page = (ROOT / "docs" / "deploying.md").read_text()
    (text,) = re.findall(rf"`{name}`[^`]*```json\n(.*?)```", page, re.DOTALL)
    return list(json.loads(text)["Statement"])


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        ("flowc-deployer", ("plan", "deploy", "delete", "pause", "status")),
        ("flowc-trigger", ("trigger", "status", "terminate")),
        ("flowc-reader", ("status", "logs")),
    ],
)
def test_the_policies_have_what_the_verbs_need(name: str, verbs: tuple[str, ...]) -> None:
    allowed: set[str] = set()
    for statement in policy(name):
        allowed |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    assert {action for verb in verbs for action, _ in NEEDS[verb]} <= allowed


class History:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, previous: int = 0, **details: Any) -> int:
        number = len(self.events) + 1
        self.events.append({"id": number, "type": kind, "previousEventId": previous, "timestamp": AT, **details})
        return number

    def submitted(self, state: str, path: str, job_id: str = "j1") -> int:
        text = json.dumps({"run": "train.x", "path": path})
        at = self.add("TaskStateEntered", stateEnteredEventDetails={"name": state, "input": text})
        at = self.add("TaskScheduled", at, taskScheduledEventDetails={"parameters": "{}"})
        at = self.add("TaskStarted", at, taskStartedEventDetails={})
        return self.add("TaskSubmitted", at, taskSubmittedEventDetails={"output": json.dumps({"JobId": job_id})})


def test_tasks_of_a_history() -> None:
    history = History()
    at = history.submitted("start", "-")
    history.add("TaskSucceeded", at, taskSucceededEventDetails={"output": job(attempts=2)})
    first, second, third = (history.submitted("fit", path, f"j{path}") for path in "012")
    history.add(
        "TaskFailed", second, taskFailedEventDetails={"error": "States.TaskFailed", "cause": job("it exited", 1)}
    )
    history.add("TaskTimedOut", third, taskTimedOutEventDetails={"error": "States.Timeout"})
    found = {(task.step, task.path): task for task in of_history(history.events, STEPS, RUNNING)}
    assert {key: task.state for key, task in found.items()} == {
        ("start", "-"): SUCCEEDED, ("fit", "0"): PENDING, ("fit", "1"): FAILED, ("fit", "2"): TIMED_OUT,
    }  # fmt: skip
    assert (found["start", "-"].attempt, found["start", "-"].started, found["start", "-"].ended) == (1, 1.0, 9.0)
    assert found["fit", "1"].message == "it exited, exit code 1" and found["fit", "0"].name == "j0"
    assert first and {task.state for task in of_history(history.events, STEPS, TERMINATED)} >= {TERMINATED}


def test_a_job_that_batch_refuses_at_first() -> None:
    history = History()
    text = json.dumps({"run": "train.x", "path": "-"})
    at = history.add("TaskStateEntered", stateEnteredEventDetails={"name": "start", "input": text})
    at = history.add("TaskScheduled", at, taskScheduledEventDetails={"parameters": "{}"})
    refused = {"error": "Batch.TooManyRequestsException", "cause": "Rate exceeded"}
    at = history.add("TaskFailed", at, taskFailedEventDetails=refused)
    (task,) = of_history(history.events, STEPS, RUNNING)
    assert (task.state, task.message) == (FAILED, "Batch.TooManyRequestsException: Rate exceeded")
    at = history.add("TaskScheduled", at, taskScheduledEventDetails={"parameters": "{}"})
    history.add("TaskSubmitted", at, taskSubmittedEventDetails={"output": '{"JobId": "j2"}'})
    (task,) = of_history(history.events, STEPS, RUNNING)
    assert (task.state, task.message, task.name) == (PENDING, "", "j2")


def test_why_a_job_has_ended() -> None:
    assert ending(job("Essential container in task exited", 137)) == "Essential container in task exited, exit code 137"
    pull = job("Task failed to start", attempts=0, Container={"Reason": "CannotPullContainerError"})
    assert ending(pull) == "Task failed to start, CannotPullContainerError"
    assert ending("no JSON") == "" == reason("States.TaskFailed", '{"JobId": "cut o')
    assert reason("States.Timeout", "") == "States.Timeout"
    assert (
        reason("Flowc.InvalidParameters", "there is no parameter") == "Flowc.InvalidParameters: there is no parameter"
    )


class Answers(Account):
    """An account that answers from a table, for histories that no server here can make."""

    def __init__(self, histories: dict[str, list[Any]], executions: list[Any]) -> None:
        self.histories, self.executions = histories, executions

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation == "GetExecutionHistory":
            return {"events": self.histories[arguments["executionArn"]]}
        if operation == "ListExecutions":
            assert arguments["mapRunArn"] == "map"
            return {"executions": self.executions}
        assert operation == "DescribeJobs"
        return {"jobs": [{"jobId": name, "status": "RUNNING", "startedAt": 5_000} for name in arguments["jobs"]]}


def test_the_items_of_a_distributed_map() -> None:
    """They are executions of their own; of many, those that failed and run come first."""
    machine = {"States": {"fit": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync"}}}
    outer = History()
    outer.add("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": "map"})
    histories = {"run": outer.events}
    executions = []
    for number in range(MOST_ITEMS + 50):
        item = History()
        at = item.submitted("fit", str(number), f"j{number}")
        status = {140: "FAILED", 141: "RUNNING"}.get(number, "SUCCEEDED")
        if status == "FAILED":
            item.add("TaskFailed", at, taskFailedEventDetails={"error": "States.TaskFailed", "cause": job("bad", 1)})
        if status == "SUCCEEDED":
            item.add("TaskSucceeded", at, taskSucceededEventDetails={"output": job()})
        histories[str(number)] = item.events
        executions.append({"executionArn": str(number), "status": status})
    found = tasks(Answers(histories, executions), "run", machine, RUNNING)
    states = {task.path: task.state for task in found.tasks}
    assert len(states) == MOST_ITEMS and states["140"] == FAILED and states["141"] == RUNNING
    assert found.note == "148 of 150 items of a foreach have succeeded; 100 are shown"


def test_submissions_are_found_wherever_they_are() -> None:
    task = {
        "Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {"JobDefinition": "d", "JobQueue": "q"},
    }  # fmt: skip
    inside = {"States": {"b": task}}
    machine = {
        "States": {
            "a": task, "p": {"Type": "Parallel", "Branches": [inside]},
            "m": {"Type": "Map", "ItemProcessor": {"States": {"c": task}}}, "r": {"Type": "Task", "Resource": "s3"},
        }
    }  # fmt: skip
    assert [name for name, _, _ in submissions(machine)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"Service": "states.amazonaws.com"}, True),
        ({"Service": ["batch.amazonaws.com", "states.eu-west-1.amazonaws.com"]}, True),
        ({"Service": "scheduler.amazonaws.com"}, False),
        ({"AWS": "arn:aws:iam::1:root"}, False),
        ("*", True),
    ],
)
def test_who_may_assume_a_role(principal: Any, expected: bool) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    assert _trusts({"Statement": [statement]}, "states.amazonaws.com") is expected
    assert _trusts(json.dumps({"Statement": statement}), "states.amazonaws.com") is expected
    assert not _trusts({"Statement": {**statement, "Effect": "Deny"}}, "states.amazonaws.com")
