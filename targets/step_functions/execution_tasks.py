"""The tasks of an execution, from its history and from the jobs that it has submitted.

A state that submits a job is a step; what it was entered with holds the path. The items of a distributed Map are
executions of their own, with a history each: of many, only those that failed or run are read.
"""

from __future__ import annotations

import json

from flowc.compiler.fast_start.record import record
from flowc.targets.operating import (
    FAILED,
    OVER,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TERMINATED,
    TIMED_OUT,
    EngineError,
    EngineTask,
)

from .machines import submissions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from .account import Account

    Data = dict[str, Any]

STATES = {  # of an execution
    "RUNNING": RUNNING, "PENDING_REDRIVE": RUNNING, "SUCCEEDED": SUCCEEDED, "FAILED": FAILED, "ABORTED": TERMINATED,
    "TIMED_OUT": TIMED_OUT,
}  # fmt: skip
MOST_ITEMS = 100  # executions of a distributed Map whose histories are read
_OF_A_CALL = 100  # jobs that DescribeJobs takes
_JOB_STATES = {
    "SUBMITTED": PENDING, "PENDING": PENDING, "RUNNABLE": PENDING, "STARTING": PENDING, "RUNNING": RUNNING,
    "SUCCEEDED": SUCCEEDED, "FAILED": FAILED,
}  # fmt: skip
_FAILURES = {"TaskFailed": FAILED, "TaskTimedOut": TIMED_OUT, "TaskStartFailed": FAILED, "TaskSubmitFailed": FAILED}


@record
class Tasks:
    tasks: tuple[EngineTask, ...]
    note: str = ""  # what is not among them


def tasks(account: Account, arn: str, definition: Data, state: str) -> Tasks:
    """Returns the tasks of the execution that have begun. `state` is that of the run."""
    steps = _steps(account, definition)
    events = _history(account, arn)
    found = list(of_history(events, steps, state))
    note = ""
    for event in events:
        if event["type"] == "MapRunStarted":
            inside, more = _items(account, event["mapRunStartedEventDetails"]["mapRunArn"], steps, state)
            found += inside
            note = note or more
    found = _with_jobs(account, found, state)
    last: dict[tuple[str, str], EngineTask] = {(task.step, task.path): task for task in found}
    return Tasks(tuple(sorted(last.values(), key=lambda task: (task.started or 1e12, task.step, task.path))), note)


def _history(account: Account, arn: str) -> list[Data]:
    return account.listed(
        "stepfunctions", "GetExecutionHistory", "events", executionArn=arn, maxResults=1000, includeExecutionData=True
    )


def _steps(account: Account, definition: Data) -> dict[str, str]:
    """Returns the step of each state that submits a job. The name of a state is its step's, unless that is too long."""
    from .job_registry import step_of

    return {name: (step_of(account, job) or name) if "-" in name else name for name, job, _ in submissions(definition)}


def of_history(events: Sequence[Data], steps: Mapping[str, str], state: str) -> Iterator[EngineTask]:
    """Yields a task for each time that a step's state was entered, in the order of the history.

    Those whose job has not ended are PENDING, with the job's id as their name, or TERMINATED if the run is over.
    """
    entered: dict[int, int] = {}  # event → the event that entered its state
    found: dict[int, EngineTask] = {}
    for event in events:
        kind, number = event["type"], int(event["id"])
        if kind == "TaskStateEntered":
            details = event["stateEnteredEventDetails"]
            if details["name"] in steps:
                entered[number] = number
                path = str(_parsed(details.get("input", "")).get("path", "-"))
                open_state = TERMINATED if state in OVER else PENDING
                found[number] = EngineTask(steps[details["name"]], path, open_state, started=_seconds(event))
            continue
        at = entered.get(int(event.get("previousEventId", 0)))
        if at is None:
            continue
        entered[number] = at
        found[at] = _after(found[at], event)
    yield from found.values()


def _after(task: EngineTask, event: Data) -> EngineTask:
    """Returns the task after an event of its state."""
    from flowc.compiler.fast_start.record import replace

    kind = event["type"]
    details: Data = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    if kind == "TaskSubmitted":
        job = _parsed(details.get("output", ""))
        return replace(task, name=str(_of(job, "JobId") or ""), state=PENDING if task.state == FAILED else task.state)
    if kind == "TaskScheduled":  # perhaps once more, after Batch has refused it
        return replace(task, message="")
    if kind == "TaskSucceeded":
        job = _parsed(details.get("output", ""))
        if not _of(job, "JobId"):  # the execution was stopped: Batch tells what became of the job
            return task
        return _as_job(replace(task, state=SUCCEEDED, ended=_seconds(event)), job)
    if kind in _FAILURES:
        cause = str(details.get("cause") or "")
        message = reason(str(details.get("error") or ""), cause)
        failed = replace(task, state=_FAILURES[kind], message=message, ended=_seconds(event))
        return _as_job(failed, _parsed(cause))
    return task


def _with_jobs(account: Account, found: list[EngineTask], state: str) -> list[EngineTask]:
    """Returns the tasks with what Batch knows of the jobs that have not ended by the history."""
    from flowc.compiler.fast_start.record import replace

    waiting = [
        task.name
        for task in found
        if task.name and (task.state in (PENDING, TERMINATED) or (task.state == FAILED and not task.message))
    ]
    jobs: dict[str, Data] = {}
    for at in range(0, len(waiting), _OF_A_CALL):
        answer = account.call("batch", "DescribeJobs", jobs=waiting[at : at + _OF_A_CALL])
        jobs.update({one["jobId"]: one for one in answer["jobs"]})
    result = []
    for task in found:
        job = jobs.get(task.name)
        if job is not None:
            now = _JOB_STATES.get(str(job.get("status")), PENDING)
            if task.state == TERMINATED and now != SUCCEEDED:
                now = TERMINATED
            message = str(job.get("statusReason") or "") if now != SUCCEEDED else ""
            if now == FAILED:
                message = _ending(job)
            task = _as_job(replace(task, state=now, message=message), job)
        result.append(task)
    return result


def unfinished(account: Account, found: Sequence[EngineTask]) -> list[str]:
    """Returns the ids of the jobs that Batch has not ended."""
    names = [task.name for task in found if task.name]
    ids: list[str] = []
    for at in range(0, len(names), _OF_A_CALL):
        answer = account.call("batch", "DescribeJobs", jobs=names[at : at + _OF_A_CALL])
        ids += [str(one["jobId"]) for one in answer["jobs"] if one["status"] not in ("SUCCEEDED", "FAILED")]
    return ids


def _items(
    account: Account, map_run: str, steps: Mapping[str, str], state: str
) -> tuple[list[EngineTask], str]:  # fmt: skip
    """Returns the tasks of a distributed Map's items, and a note if they are too many to be read."""
    try:
        found = account.listed("stepfunctions", "ListExecutions", "executions", mapRunArn=map_run)
    except EngineError as error:
        return [], f"the items of {map_run.rpartition('/')[2]} are unknown: {error.message}"
    order = {"FAILED": 0, "TIMED_OUT": 0, "ABORTED": 1, "RUNNING": 2}
    found.sort(key=lambda one: order.get(str(one["status"]), 3))
    read = found[:MOST_ITEMS]
    inside: list[EngineTask] = []
    for one, events in zip(read, account.each(lambda one: _history(account, one["executionArn"]), read)):
        inside += of_history(events, steps, STATES.get(str(one["status"]), RUNNING) if state not in OVER else state)
    if len(found) <= MOST_ITEMS:
        return inside, ""
    done = sum(one["status"] == "SUCCEEDED" for one in found)
    return inside, f"{done} of {len(found)} items of a foreach have succeeded; {MOST_ITEMS} are shown"


# ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ending(cause: str) -> str:
    """Returns why a job has failed, from its description in a cause; "" if the cause is none.

    >>> ending('{"JobId": "1", "StatusReason": "Essential container in task exited",'
    ...        ' "Attempts": [{"Container": {"ExitCode": 1}}]}')
    'Essential container in task exited, exit code 1'
    """
    job = _parsed(cause)
    return _ending(job) if _of(job, "JobId") else ""


def reason(error: str, cause: str) -> str:
    """Returns the error and its cause for people. A job's description that is cut off, which is long, says nothing."""
    text = ending(cause) or ("" if cause.startswith("{") else cause)
    if not text and cause:
        return ""
    return text if error in ("", "States.TaskFailed") else ": ".join(filter(None, (error, text)))


def _ending(job: Data) -> str:
    container = _of((_of(job, "Attempts") or [{}])[-1], "Container") or _of(job, "Container") or {}
    code, why = _of(container, "ExitCode"), str(_of(container, "Reason") or "")
    parts = [str(_of(job, "StatusReason") or ""), why, f"exit code {code}" if code is not None else ""]
    return ", ".join(dict.fromkeys(filter(None, parts))) or "the job failed"


def _as_job(task: EngineTask, job: Data) -> EngineTask:
    """Returns the task with the times and the attempt of its job."""
    from flowc.compiler.fast_start.record import replace

    if not _of(job, "JobId"):
        return task
    started, stopped = float(_of(job, "StartedAt") or 0), float(_of(job, "StoppedAt") or 0)
    attempts = _of(job, "Attempts") or []
    ended = len(attempts) - (1 if task.state in OVER else 0)  # while it runs, the list holds the attempts before
    return replace(
        task, name=str(_of(job, "JobId")), started=started / 1000 or task.started,
        ended=stopped / 1000 or task.ended, attempt=max(0, ended),
    )  # fmt: skip


def _of(job: Any, key: str) -> Any:
    """Returns a field of a job's description, which Step Functions writes `JobId` and Batch `jobId`."""
    if not isinstance(job, dict):
        return None
    return job.get(key, job.get(key[0].lower() + key[1:]))


def _parsed(text: str) -> Data:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _seconds(event: Data) -> float:
    return float(event["timestamp"].timestamp())
