"""How a run stands, as its datastore tells: nobody keeps a status, it follows from what the tasks left."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.client.place import Place

SUCCEEDED, FAILED, RUNNING, STOPPED, UNFINISHED = "succeeded", "failed", "running", "stopped", "unfinished"
STATUSES = {
    SUCCEEDED: "its last step is done",
    FAILED: "a task has failed in its last attempt",
    RUNNING: "the process on this machine that drives it is alive",
    STOPPED: "that process has ended, and no task has failed",
    UNFINISHED: "not done yet; whether it goes on, its orchestrator knows, or the machine that it runs on",
}


def process() -> dict[str, Any]:
    """What run.json keeps of the process that drives a run on this machine."""
    import socket

    return {"host": socket.gethostname(), "pid": os.getpid(), "since": _since(os.getpid())}


def status(place: Place, flow: str, run: str) -> tuple[str, float | None]:
    """Returns one of STATUSES, and when the run ended, in seconds since the epoch, if that is known."""
    from flowc.runtime_shim import failure
    from flowc.runtime_shim.client.run import Run

    end = Run._made(place, (flow, run)).end_task
    done = end._done if end is not None else None
    if done is not None:
        return SUCCEEDED, done.data.get("ended")
    if _is_alive((place.run(flow, run) or {}).get("process")):
        return RUNNING, None
    graph = place.graph(flow, run)
    for step in place.steps(flow, run):
        for path, seen in place.tasks(flow, run, step).items():
            if not seen.has_record and seen.attempts and max(seen.attempts) + 1 >= graph.attempts(step):
                return FAILED, failure.read(place.store, flow, run, step, path, max(seen.attempts)).get("time")
    known = (place.run(flow, run) or {}).get("process")
    return (STOPPED if known and _is_here(known) else UNFINISHED), None


def _is_here(known: dict[str, Any]) -> bool:
    import socket

    return known.get("host") == socket.gethostname()


def _is_alive(known: dict[str, Any] | None) -> bool:
    if not known or not _is_here(known):
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
