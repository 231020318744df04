"""An engine that flowc can deploy to, in this process: its runs are processes of the shim, on this machine.

It stands in for `operate.py` of a target, so that the commands which know no engine can be tried without one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.store import open_store
from flowc.targets import operating
from flowc.targets.operating import (
    ADD,
    CHANGE,
    DELETE,
    FAILED,
    FINE,
    MISSING,
    OVER,
    PENDING,
    RUNNING,
    SAME,
    SUCCEEDED,
    SUSPENDED,
    TERMINATED,
    Change,
    Deployed,
    EngineError,
    EngineRun,
    EngineTask,
    Finding,
    Parameter,
    Setting,
    Start,
    Wanted,
)

from .fused import Engine as Fused
from .fused import RunFailed

SETTINGS: tuple[Setting, ...] = ()


class Stopped(Exception):
    """The run was ended."""


class Running(Fused):
    """One run, in a thread."""

    state = PENDING
    message = ""

    def begin(self) -> None:
        self.tasks: dict[tuple[str, str], EngineTask] = {}
        self.began, self.ended = time.time(), 0.0
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.state, self.message = RUNNING, ""
        try:
            self.go()
        except (RunFailed, Stopped):
            self.state = TERMINATED if self.stop.is_set() else FAILED
            self.message = "stopped" if self.stop.is_set() else "a task has failed"
        else:
            self.state = SUCCEEDED
        self.ended = time.time()

    def start(self, step: str, path: str, attempt: int) -> Any:
        if self.stop.is_set():
            raise Stopped
        self._note(step, path, attempt, RUNNING)
        done = super().start(step, path, attempt)
        if self.stop.is_set():
            self._note(step, path, attempt, FAILED)
            raise Stopped
        self._note(step, path, attempt, SUCCEEDED if done.returncode == 0 else FAILED)
        return done

    def _note(self, step: str, path: str, attempt: int, state: str) -> None:
        with self.lock:
            self.tasks[step, path] = EngineTask(step, path, state, "", attempt, f"{step}/{path}", time.time())


class ProcessEngine:
    """An engine in memory. `keeps_runs` is the test's choice."""

    where: Mapping[str, str] = {"place": "here"}

    def __init__(self, folder: Path, keeps_runs: bool = True, effects: str = "") -> None:
        self.folder, self.keeps_runs = folder, keeps_runs
        self.live: dict[str, tuple[Deployed, Wanted]] = {}
        self.started: dict[str, tuple[str, Running, EngineRun]] = {}  # engine's name → deployment, run
        self.requests: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.settings = None  # of containers with several tasks

    def user(self) -> str:
        return "tester"

    def missing_permissions(self, verbs: Sequence[str]) -> tuple[str, ...]:
        return ()

    def changes(self, wanted: Wanted, last: Sequence[Any]) -> tuple[Change, ...]:
        there = self.live.get(wanted.name)
        op = ADD if there is None else SAME if there[1].files == wanted.files else CHANGE
        return (Change(op, "Thing", wanted.name, handle=wanted),)

    def removal(self, name: str, records: str) -> tuple[Change, ...]:
        there = self.live.get(name)
        return (Change(DELETE, "Thing", name),) if there is not None and there[0].records == records else ()

    def apply(self, change: Change) -> None:
        if change.op == DELETE:
            self.live.pop(change.name, None)
            if not self.keeps_runs:
                for deployment, running, run in self.started.values():
                    if deployment == change.name and running.state not in OVER:
                        self.terminate(run, False)
            return
        wanted: Wanted = change.handle
        store = wanted.records.partition(f"/{wanted.flow}/deployments/")[0]
        flow = code_package.graph(open_store(store), wanted.flow, wanted.code).flow
        parameters = tuple(Parameter(one["name"], bool(one["required"])) for one in flow["parameters"])
        deployed = Deployed(
            wanted.name, wanted.flow, wanted.code, wanted.records, store, parameters=parameters, changed=time.time()
        )
        self.live[wanted.name] = (deployed, wanted)

    def settle(self, wanted: Wanted, seconds: float) -> None:
        pass

    def deployed(self, name: str) -> Deployed | None:
        return self.live[name][0] if name in self.live else None

    def deployments(self) -> tuple[Deployed, ...]:
        return tuple(deployed for deployed, _ in self.live.values())

    def pause(self, name: str, paused: bool) -> bool:
        raise EngineError("it has no schedules")

    def trigger(self, start: Start) -> EngineRun:
        if start.request and start.request in self.requests:
            return self._look(self.requests[start.request], existed=True)
        deployed = start.deployed
        name = f"{deployed.name}-{len(self.started)}"
        folder = self.folder / name
        code = folder / "code"
        code.mkdir(parents=True)
        code_package.fetch(open_store(deployed.store), deployed.flow, deployed.code, str(code))
        graph = code_package.graph(open_store(deployed.store), deployed.flow, deployed.code)
        run = EngineRun(f"id-{name}", name, deployed.flow, deployed.name, PENDING, owner=f"processes:{name}")
        running = Running(
            code / str(graph.flow["file"]), folder / "run", self.settings, dict(start.parameters),
            {**self.environment, "FLOWC_OWNER": run.owner}, run.id, deployed.store,
        )  # fmt: skip
        running.environment["FLOWC_CODE"] = deployed.code
        if start.begin is not None:
            start.begin(run)
        self.started[name] = (deployed.name, running, run)
        if start.request:
            self.requests[start.request] = name
        running.begin()
        return run

    def _look(self, name: str, existed: bool = False) -> EngineRun:
        deployment, running, run = self.started[name]
        with running.lock:
            tasks = tuple(running.tasks.values())
        return EngineRun(
            run.id, name, run.flow, deployment, running.state, running.message, running.began, running.ended, tasks,
            existed=existed, owner=run.owner,
        )  # fmt: skip

    def run(self, name: str) -> EngineRun | None:
        name = name.removeprefix("id-")
        return self._look(name) if name in self.started else None

    def runs(self, name: str, under_way: bool = False) -> tuple[EngineRun, ...]:
        own = [self._look(one) for one, (deployment, _, _) in self.started.items() if deployment == name]
        return tuple(run for run in reversed(own) if not under_way or run.state not in OVER)

    def terminate(self, run: EngineRun, graceful: bool) -> bool:
        running = self.started[run.name][1]
        if running.state in OVER:
            return False
        running.stop.set()
        return True

    def suspend(self, run: EngineRun, suspended: bool) -> bool:
        raise EngineError(f"it cannot hold back a run: {SUSPENDED}")

    def retry(self, run: EngineRun) -> None:
        running = self.started[run.name][1]
        if running.state not in OVER:
            raise EngineError("the run is under way")
        running.environment.update(self.environment)
        tasks = {place: task for place, task in running.tasks.items() if task.state == SUCCEEDED}
        running.begin()
        running.tasks.update(tasks)

    def logs(self, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
        return iter(())

    def findings(self, options: Mapping[str, str]) -> Iterator[Finding]:
        yield Finding(FINE, "the machine")
        if options.get("namespace") == "missing":
            yield Finding(MISSING, "namespace missing", "it does not exist", "make namespace\nmake more")


def installed(monkeypatch: Any, engine: ProcessEngine) -> None:
    """Makes the engine that of every target."""

    class Module:
        SETTINGS = ()

        @staticmethod
        def connect(settings: Mapping[str, str]) -> ProcessEngine:
            return engine

    def operator(name: str) -> type[Module]:
        return Module

    from flowc import contexts  # noqa: F401 (it imports the name when it is called)
    from flowc.commands import doctor
    from flowc.deploying import place

    for module in (operating, place, doctor):
        monkeypatch.setattr(module, "operator", operator)
