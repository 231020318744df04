"""How a run stands, as its datastore tells: nobody keeps a status, it follows from what the tasks left."""

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
    UNFINISHED: "not done yet; whether it goes on, its orchestrator knows, or the machine that it runs on",
}


def write_process(store: Store, flow: str, run: str) -> None:
    """Writes down which process drives the run from now on: `RUN/process.json`, replaced by each that goes on with it."""
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
    except DamagedError:  # torn by a power failure, which the process did not outlive either
        return {}


def status(place: Datastore, flow: str, run: str) -> tuple[str, float | None]:
    """Returns one of STATUSES, and when the run ended, in seconds since the epoch, if that is known."""
    from flowc.runtime_shim.client.run import Run
    from flowc.runtime_shim.task import failure

    end = Run._made(place, (flow, run)).end_task
    done = end._done if end is not None else None
    if done is not None:
        return SUCCEEDED, done.data.get("ended")
    process = _process(place.store, flow, run)
    if _is_alive(process):
        return RUNNING, None
    graph = place.graph(flow, run)
    for step in place.steps(flow, run):
        for path, seen in place.tasks(flow, run, step).items():
            if (
                not seen.has_record and seen.failures and max(seen.failures) + 1 >= graph.attempts(step)
            ):  # a log may be that of a task cut short
                return FAILED, failure.read(place.store, flow, run, step, path, max(seen.failures)).get("time")
    return (STOPPED if _is_here(process) else UNFINISHED), None


def _is_here(known: dict[str, Any]) -> bool:
    import socket

    return known.get("host") == socket.gethostname()


def _is_alive(known: dict[str, Any]) -> bool:
    if not _is_here(known):
        return False
    try:
        os.kill(int(known["pid"]), 0)
    except PermissionError:
        pass
    except (OSError, ValueError, KeyError):
        return False
    return _since(int(known["pid"])) == known.get("since")


def _since(pid: int) -> str:
    """When the process began, as the kernel counts: tells it from a later one of the same number. "" where that cannot be told."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
