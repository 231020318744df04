"""The output of jobs, from CloudWatch Logs."""

from __future__ import annotations

from flowc.targets.operating import EngineError

from .account import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.targets.operating import EngineRun, EngineTask

    from .account import Account

    Data = dict[str, Any]

GROUP = "/aws/batch/job"  # where Batch puts them, unless the definition says otherwise
_OF_A_CALL = 100


def logs(account: Account, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
    """Yields the output of each attempt of each task that CloudWatch still has."""
    tasks = [task for task in run.tasks or () if task.name]
    for at in range(0, len(tasks), _OF_A_CALL):
        some = tasks[at : at + _OF_A_CALL]
        answer = account.call("batch", "DescribeJobs", jobs=[task.name for task in some])
        jobs = {one["jobId"]: one for one in answer["jobs"]}
        for task in some:
            yield from _of_job(account, task, jobs.get(task.name, {}))


def _of_job(account: Account, task: EngineTask, job: Data) -> Iterator[tuple[EngineTask, bytes]]:
    from flowc.compiler.fast_start.record import replace

    container = job.get("container", {})
    configuration = container.get("logConfiguration") or {}
    driver = configuration.get("logDriver", "awslogs")
    if job and driver != "awslogs":
        yield task, f"(its output goes to the log driver {driver})\n".encode()
        return
    group = (configuration.get("options") or {}).get("awslogs-group", GROUP)
    streams = [one.get("container", {}).get("logStreamName") for one in job.get("attempts", [])]
    streams = list(dict.fromkeys(filter(None, (*streams, container.get("logStreamName")))))
    if not streams and task.message:
        yield task, f"({task.message})\n".encode()
    for number, stream in enumerate(streams):
        yield replace(task, attempt=number), _text(account, group, stream)


def _text(account: Account, group: str, stream: str) -> bytes:
    """Returns the output in the stream. Empty pages do not mean its end: the same token twice does."""
    lines: list[str] = []
    options: dict[str, Any] = {}
    while True:
        try:
            page = account.call(
                "logs", "GetLogEvents", logGroupName=group, logStreamName=stream, startFromHead=True, **options
            )
        except Missing:
            return f"(its stream {stream} in {group} is gone)\n".encode()
        except EngineError as error:
            return f"({error.message})\n".encode()
        lines += [str(event["message"]) + "\n" for event in page["events"]]
        if page["nextForwardToken"] == options.get("nextToken"):
            return "".join(lines).encode()
        options["nextToken"] = page["nextForwardToken"]
