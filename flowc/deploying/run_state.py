"""The state of a run: what the engine says, and what its tasks left in the datastore.

The engine decides, but for one case: a run that it calls succeeded and whose last step has no record has not done its
work, and has failed.
"""

from __future__ import annotations

import time

from flowc.compiler.fast_start.record import replace
from flowc.targets.operating import FAILED, OVER, SUCCEEDED, EngineError

from ..terminal import Failure
from .place import asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.targets.operating import Engine, EngineRun

CODES = dict.fromkeys(OVER, 1) | {SUCCEEDED: 0}  # exit codes of a command that waits for the end
TIMED_OUT_WAITING = 124
PAUSE = 2.0  # seconds between two looks at the engine


def store_of(engine: Engine, run: EngineRun | None, given: str) -> str:
    """Returns the URL of the run's datastore: the given one, else that of its deployment; "" if unknown."""
    if given or run is None or not run.deployment:
        return given
    deployed = asked(lambda: engine.deployed(run.deployment))
    return deployed.store if deployed is not None else ""


def datastore(url: str) -> Datastore | None:
    """Opens the datastore for reading; None without a URL or if it cannot be opened."""
    from flowc.runtime_shim import client
    from flowc.runtime_shim.client.datastore import open_datastore
    from flowc.runtime_shim.contract.errors import ShimError

    if not url:
        return None
    client.namespace(None)
    try:
        return open_datastore(url)
    except ShimError:
        return None


def checked(run: EngineRun, place: Datastore | None) -> EngineRun:
    """Returns the run, as failed if the engine calls it succeeded and the datastore has no record of its end."""
    if run.state != SUCCEEDED or place is None:
        return run
    from flowc.runtime_shim.client.run import Run
    from flowc.runtime_shim.contract.errors import ShimError

    try:
        end = Run._made(place, (run.flow, run.id)).end_task
        is_recorded = end is not None and end._done is not None
    except ShimError:
        return run
    if is_recorded:
        return run
    return replace(
        run, state=FAILED, message=f"the engine calls it succeeded, but its last step has no record in {place.url}"
    )


def found(engine: Engine, name: str) -> EngineRun:
    """Returns the run of that name. Raises Failure."""
    from .place import asked, shown

    run = asked(lambda: engine.run(name))
    if run is None:
        raise Failure(f"there is no run {name} {shown(engine)}; `flowc runs` lists those in the datastore")
    return run


def looks(
    engine: Engine, name: str, place: Datastore | None, timeout: float = 0.0,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[EngineRun]:  # fmt: skip
    """Yields the run again and again until it is over. Raises Failure if it is deleted, TimeoutError after `timeout`.

    A cluster that does not answer for a while does not end the wait.
    """
    from .place import asked

    deadline = time.monotonic() + timeout if timeout else 0.0
    misses = 0
    while True:
        try:
            run = engine.run(name)
            misses = 0
        except EngineError:
            misses += 1
            if misses > 5:
                run = asked(lambda: engine.run(name))
            else:
                pause(PAUSE)
                continue
        if run is None:
            raise Failure(f"run {name} was deleted")
        run = checked(run, place)
        yield run
        if run.state in OVER:
            return
        if deadline and time.monotonic() > deadline:
            raise TimeoutError
        pause(PAUSE)


def data(run: EngineRun) -> dict[str, Any]:
    """Returns the run for programs."""
    return {
        "run": run.id, "flow": run.flow, "deployment": run.deployment, "state": run.state, "message": run.message,
        "started": _iso(run.started), "ended": _iso(run.ended), "engine_name": run.name, "url": run.url,
        "tasks": None if run.tasks is None else [
            {
                "step": task.step, "path": task.path, "state": task.state, "attempt": task.attempt,
                "message": task.message, "started": _iso(task.started), "ended": _iso(task.ended),
            }
            for task in run.tasks
        ],
    }  # fmt: skip


def text(run: EngineRun) -> str:
    """Returns the run for people: a line for it, and one for each task."""
    from flowc.compiler.report.diagnostics import printable

    message = f": {run.message}" if run.message else ""
    lines = [f"{run.flow}, run {run.id}: {run.state}{took(run.started, run.ended)}{message}"]
    if run.tasks is None:
        lines.append("  the engine keeps the tasks of this run elsewhere, because they are so many")
    tasks = run.tasks or ()
    names = [task.step + ("" if task.path == "-" else f"/{task.path}") for task in tasks]
    width = max(map(len, names), default=0)
    for name, task in zip(names, tasks):
        attempt = f", attempt {task.attempt}" if task.attempt else ""
        message = f"  {' '.join(task.message.split())}" if task.message else ""
        lines.append(f"  {name:<{width}}  {task.state}{attempt}{took(task.started, task.ended)}{message}")
    return "\n".join(map(printable, lines))


def took(started: float, ended: float) -> str:
    if not started:
        return ""
    seconds = (ended or time.time()) - started
    return f", {seconds:.0f} s" if seconds < 600 else f", {seconds / 60:.0f} min"


def _iso(seconds: float) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None
