"""What an engine knows about runs, behind what the datastore has: for `flowc runs` and `flowc logs` with `--on`."""

from __future__ import annotations

import time

from flowc.compiler.report.diagnostics import printable
from flowc.targets.operating import SUCCEEDED

from .place import Place, asked, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.targets.operating import Engine, EngineRun

    from ..datastore import Pathspec
    from ..terminal import Output


def with_states(place: Place, rows: list[dict[str, Any]], flows: list[str], limit: int) -> list[dict[str, Any]]:
    """Returns the rows of `flowc runs` with the engine's states, and rows for runs that have left nothing yet."""
    engine = connect(place)
    runs: dict[str, EngineRun] = {}
    for deployed in asked(engine.deployments):
        if not flows or deployed.flow in flows:
            runs.update({run.id: run for run in asked(lambda: engine.runs(deployed.name))})  # noqa: B023 (called at once)
    known = {row["run"] for row in rows}
    result = [
        {**row, "status": _state(engine, runs[row["run"]])}
        if row["status"] in ("unfinished", "failed") and row["run"] in runs
        else row
        for row in rows
    ]  # fmt: skip
    begun = [_row(place, run) for run in runs.values() if run.id not in known]
    merged = sorted([*begun, *result], key=lambda row: row["started"] or "", reverse=True)
    return merged[:limit] if limit else merged


def _state(engine: Engine, run: EngineRun) -> str:
    """Returns the run's state; a list of runs tells it only roughly."""
    exact = asked(lambda: engine.run(run.id)) if run.state != SUCCEEDED else None
    return exact.state if exact is not None else run.state


def _row(place: Place, run: EngineRun) -> dict[str, Any]:
    def iso(seconds: float) -> str | None:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None

    return {
        "flow": run.flow, "run": run.id, "status": run.state, "started": iso(run.started), "ended": iso(run.ended),
        "seconds": round(run.ended - run.started, 3) if run.ended and run.started else None, "user": None,
        "target": place.target, "owner": None, "origin": None, "parameters": None, "tags": [], "system_tags": [],
    }  # fmt: skip


def print_missing(place: Place, datastore: Datastore, pathspec: Pathspec, out: Output) -> None:
    """Prints the engine's log of each task that has none in the datastore, with a line that names the source."""
    engine = connect(place)
    run = asked(lambda: engine.run(pathspec.run))
    if run is None:
        return
    seen: set[tuple[str, str]] = set()
    for step in datastore.steps(run.flow, run.id):
        tasks = datastore.tasks(run.flow, run.id, step)
        seen |= {(step, path) for path, listing in tasks.items() if listing.logs or listing.has_record}
    logs = asked(lambda: list(engine.logs(run)))
    for task, data in logs:
        wanted = pathspec.step in ("", task.step) and pathspec.path in ("", task.path)
        if not wanted or (task.step, task.path) in seen:
            continue
        name = task.step + ("" if task.path == "-" else f"/{task.path}")
        out.print_error(f"{printable(name)} left no log in the datastore; from {place.target}:")
        out.printed_by_task(b"".join(f"[{name}] ".encode() + line for line in data.splitlines(keepends=True)))
        if data and not data.endswith(b"\n"):
            out.print("")
    for task in run.tasks or ():
        in_engine = {(one.step, one.path) for one, _ in logs}
        if task.message and (task.step, task.path) not in seen | in_engine and pathspec.step in ("", task.step):
            out.print_error(f"{printable(task.step)}/{task.path}: {printable(task.message)}  (from {place.target})")
