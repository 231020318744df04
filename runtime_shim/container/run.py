"""Runs a container with several tasks (docs/shim.md, Several tasks in one container). Start reading at `run_container`.

The process that the engine started is the supervisor, which imports no user code. The local scheduler runs the part of
the graph, as `flowc run` runs all of it.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, List, Optional

from ..contract import chunk
from ..contract.errors import ShimError
from ..contract.graph import Graph
from ..contract.report import Report, TaskObjects, send
from ..contract.semantics import NO_OTHER_ATTEMPT
from ..contract.start import Start
from ..contract.superseded import set_all_aside
from ..local import inside
from ..local.admission import Admission
from ..local.part import Part
from ..local.running import Task, task_name
from ..local.settings import InContainer, OnEvent, Settings
from ..local.supervisor import Supervisor
from ..local.work import Work
from ..store import Store
from ..task import termination
from ..task.beginning import Beginning
from . import events
from .again import begin_again
from .arguments import Several, check_within
from .journal import Journal
from .outcome import outcome_of

STOPPED = 143  # as of a process that SIGTERM has ended: the engine starts the container again


class Started:
    """What a container was started with, and what `__main__` has found out about it."""

    def __init__(
        self, store: Store, graph: Graph, run: str, step: str, path: str, several: Several, start: Start,
        begun: Beginning, parameters: Dict[str, Any], is_fetched: bool, folder: str,
    ) -> None:  # fmt: skip
        self.store, self.graph, self.run = store, graph, run
        self.step, self.path = step, path  # the container's; the path perhaps of a chunk
        self.several, self.start, self.begun = several, start, begun
        self.parameters = parameters  # of the run, for its first task
        self.is_fetched = is_fetched  # the code is in a temporary folder
        self.folder = folder  # a private one


def run_container(started: Started, reports: List[Report]) -> int:
    """Runs the tasks of the steps `within` that follow from the container's own. Returns the exit code.

    Raises ShimError.
    """
    store, graph, run, several, start = started.store, started.graph, started.run, started.several, started.start
    check_within(graph, several)
    part = Part(graph, frozenset(several.within), [(started.step, first) for first in chunk.members(started.path)])
    journal = Journal(store, graph, (run, started.step, started.path), start)
    if started.begun.is_anew:
        set_all_aside(store, graph.name, run)
    is_later = bool(start.attempt or start.request or start.first or start.id)
    known = is_later and (journal.read() or not start.id)
    if known:
        begin_again(store, run, part, start, journal)
    journal.eager = known
    if start.id and not known:  # the sign for the next start, which may have the same number
        journal.write()
    output = _Output()
    tell = events.listener()
    result = _supervisor(started, part, journal, tell or output.show, tell is not None).run()
    output.end()
    if result.stopped:
        return STOPPED
    if result.failed:
        termination.write(result.reason)
        return NO_OTHER_ATTEMPT
    if not part.is_done or part.last is None:
        raise ShimError(
            f"the container of step {started.step} at {started.path} ran {', '.join(several.within)}, but not all "
            "steps that lie between these: its spec is inconsistent"
        )
    if reports:
        outcome = outcome_of(part, part.last, several, is_chunk=chunk.is_chunk(started.path))
        send(reports, outcome, TaskObjects(store, graph.name, run, started.step, started.path))
    return 0


def _supervisor(
    started: Started, part: Part, journal: Journal, on_event: OnEvent, is_local: bool
) -> Supervisor:  # fmt: skip
    store, graph, several = started.store, started.graph, started.several
    data = {"flow": graph.flow, "scopes": graph.scope, "version": 1}
    limits = {name: os.environ.pop(name) for name in inside.LIMITS if name in os.environ}
    os.environ.pop("FLOWC_MAX_VISITS", None)  # a loop that is inside starts no containers
    shared = inside.as_data(
        started.start, started.begun, list(several.within), {"items": several.items, "containers": several.containers},
        os.environ.get("FLOWC_TARGET", ""), os.environ.get("FLOWC_PACKAGES", ""), limits, started.is_fetched,
        started.folder, [started.step, started.path],
    )  # fmt: skip
    work = Work(
        data, os.path.abspath(graph.folder), os.environ["FLOWC_STORE"], started.run, started.begun.code,
        started.parameters, {}, inside=shared,
    )  # fmt: skip
    admission = Admission.of_container(graph, several.cores, several.memory, several.peaks)
    # the storage client of the other clouds has threads, which a fork does not have
    isolation = "process" if "obstore" in sys.modules else "auto"
    container = InContainer(part, admission, journal, journal.eager, started.folder, waits=not is_local)
    _wait_for_threads()
    store.close()  # connections are not shared with another process
    kept = inside.handing_over(store, started.folder)
    policy = None
    if started.begun.resume is not None and not (started.start.request or started.start.first):
        from ..task.taking_over import ResumedOnEngine

        policy = ResumedOnEngine(kept, graph, started.run, started.begun.resume)
    tick = events.TICK if is_local else 0
    return Supervisor(
        work, kept, Settings(isolation=isolation, reuse=policy, container=container, tick=tick), on_event
    )  # fmt: skip


class _Output:
    """What the container prints."""

    def __init__(self) -> None:
        self.kept = 0  # number of tasks that had records already
        self.reused = 0  # number of tasks whose records were taken over from an earlier run

    def show(self, kind: str, task: Optional[Task], text: str) -> None:
        """Shows an event of the supervisor."""
        if task is None:
            return
        name = task_name(task)
        if kind == "line":
            _print(1, f"{name}: {text}")
        elif kind == "retry":
            _print(2, f"flowc: {name}: attempt {task[2]} failed and is tried again: {text}")
        elif kind == "failed":
            _print(2, f"flowc: {name}: attempt {task[2]} failed: {text}")
        elif kind == "kept":
            self.kept += 1
        elif kind == "reused":
            self.reused += 1
        elif kind == "damaged":
            _print(2, f"flowc: {name}: runs again: {text}")

    def end(self) -> None:
        """Says how many tasks had been done before."""
        if self.kept:
            tasks = "1 task has" if self.kept == 1 else f"{self.kept} tasks have"
            _print(2, f"flowc: {tasks} succeeded before, and did not run again")
        if self.reused:
            tasks = "1 task" if self.reused == 1 else f"{self.reused} tasks"
            _print(2, f"flowc: the results of {tasks} were taken over from the run that this one resumes")


def _print(descriptor: int, line: str) -> None:
    data = line.encode("utf-8", "replace") + b"\n"
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:  # nobody reads: the tasks themselves matter more
        pass


def _wait_for_threads() -> None:
    """Returns once the threads that fetched objects ahead have ended, before this process is forked."""
    import _thread
    import time

    while _thread._count():
        time.sleep(0.001)
