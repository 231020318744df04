"""The status of a run, derived from the objects that its tasks left in the datastore: nobody records it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.store import Store

SUCCEEDED, FAILED, RUNNING, STOPPED, UNFINISHED = "succeeded", "failed", "running", "stopped", "unfinished"
PROCESS = "process.json"
STATUSES = {
    SUCCEEDED: "its last step is done",
    FAILED: "a task has failed in its last attempt",
    RUNNING: "the process on this machine that drives it is alive",
    STOPPED: "that process has ended, and no task has failed",
    UNFINISHED: "not done yet; only its orchestrator or the machine that runs it knows whether it is still going",
}


def write_process(store: Store, flow: str, run: str) -> None:
    """Records this process as the driver of the run in `RUN/process.json`, and replaces an earlier driver."""
    import socket

    from flowc.runtime_shim.contract import address, record

    data = {"version": record.VERSION, "host": socket.gethostname(), "pid": os.getpid(), "since": _since(os.getpid())}
    store.put(address.run_name(flow, run) + PROCESS, record.dumps(data))


def _process(store: Store, flow: str, run: str) -> dict[str, Any]:
    from flowc.runtime_shim.contract import address, record
    from flowc.runtime_shim.contract.errors import DamagedError

    name = address.run_name(flow, run) + PROCESS
    data = store.get(name)
    try:
        return {} if data is None else record.loads(data, name)
    except DamagedError:  # a power failure interrupted the write, and the process with it
        return {}


def status(place: Datastore, flow: str, run: str, is_over: bool = False) -> tuple[str, float | None]:
    """Returns one of STATUSES, and the time when the run ended in seconds since the epoch, None if unknown.

    The process that drove the run passes `is_over` once it has finished with it.
    """
    from flowc.runtime_shim.client.run import Run
    from flowc.runtime_shim.task import failure

    end = Run._made(place, (flow, run)).end_task
    done = end._done if end is not None else None
    if done is not None:
        return SUCCEEDED, done.data.get("ended")
    process = _process(place.store, flow, run)
    if not is_over and _is_alive(process):
        return RUNNING, None
    graph = place.graph(flow, run)
    for step in place.steps(flow, run):
        for path, seen in place.tasks(flow, run, step).items():
            # a log alone proves no failure: the task may have been interrupted
            if not seen.has_record and seen.failures and max(seen.failures) + 1 >= graph.attempts(step):
                return FAILED, failure.read(place.store, flow, run, step, path, max(seen.failures)).get("time")
    return (STOPPED if _is_here(process) else UNFINISHED), None


def _is_here(process: dict[str, Any]) -> bool:
    import socket

    return process.get("host") == socket.gethostname()


def _is_alive(process: dict[str, Any]) -> bool:
    if not _is_here(process):
        return False
    try:
        os.kill(int(process["pid"]), 0)
    except PermissionError:
        pass
    except (OSError, ValueError, KeyError):
        return False
    return _since(int(process["pid"])) == process.get("since")


def _since(pid: int) -> str:
    """Returns the kernel's start time of the process, or "" if unknown: a later process may have the same pid."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
