"""Runs a flow of containers on this machine (docs/decisions, 18): each container is a process of the shim.

It is to the containers what an engine is: it starts those whose predecessors have ended, gives each its place, learns
from its report how to go on, and starts one again that was lost. The records, logs and events are of the tasks inside,
as in a run without the optimizer.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..container import again, arguments, events, outcome
from ..contract import address, chunk, record
from ..contract.errors import ShimError
from ..contract.graph import Graph
from ..store import Store, open_store
from ..task import private_folder
from . import other_python
from .admission import available_cores
from .frontier import Address, Frontier
from .other_python import Environment
from .part import Part
from .running import Task
from .settings import OnEvent, Result
from .supervisor import PATIENCE, call_exit_hooks
from .work import Work

BOOT = (
    "import sys; sys.path[:] = [sys.argv.pop(1), *filter(None, sys.path)]; "
    "from flowc.runtime_shim.__main__ import start; start()"
)
_MESSAGE = 20  # last lines that a container itself has printed, for when it ends unexpectedly


class Containers(NamedTuple):
    """A flow of containers, and how to run it."""

    graph: Dict[str, Any]  # the JSON form of the flow of containers
    several: Mapping[str, arguments.Several]  # its steps → what their containers run
    environments: Mapping[str, Environment]  # step → where its tasks run, for those that have an environment
    max_workers: int  # containers at a time
    tick: float  # seconds between two `tick` events; 0 for none


class _Running:
    """A container in progress."""

    def __init__(self, number: int, place: Address, attempt: int, process: Any, report: str) -> None:
        self.number, self.place, self.attempt, self.process, self.report = number, place, attempt, process, report
        self.threads: List[threading.Thread] = []
        self.said: List[str] = []  # the last lines that it has printed itself
        self.tasks: Dict[Tuple[str, str], Task] = {}  # the tasks that have started in it and have not ended


def run_containers(work: Work, containers: Containers, owner: str, on_event: OnEvent) -> Result:
    """Runs the flow to its end, or continues a stopped run.

    `work` is that of the flow as written; its run.json must exist. `owner` is the run's, by run.json. SIGINT and
    SIGTERM stop the run. Raises ShimError.
    """
    folder = private_folder.create("containers", [os.path.abspath(work.store), work.run], is_later=True)
    try:
        return _Engine(work, containers, owner, on_event, folder).run()
    finally:
        private_folder.remove(folder)


class _Engine:
    def __init__(self, work: Work, containers: Containers, owner: str, on_event: OnEvent, folder: str) -> None:
        self.work, self.containers, self.owner, self.on_event = work, containers, owner, on_event
        self.folder = folder  # a private one
        self.store = open_store(work.store)
        self.written = Graph(work.graph)
        self.graph = Graph(containers.graph)
        self.frontier = Frontier(self.graph)
        self.cores = int(available_cores()) or 1
        self.result = Result()
        self.waiting: List[Tuple[Address, int]] = []  # the places of containers, and the number of the attempt
        self.running: Dict[int, _Running] = {}
        self.count = self.interrupts = 0
        self.heard: queue.Queue[Tuple[int, str, Any]] = queue.Queue()  # number of the container, kind, value
        self.request = _request(self.store, self.written.name, work.run)

    def run(self) -> Result:
        with open(os.path.join(self.folder, "flowc.json"), "w", encoding="utf-8") as file:
            json.dump(self.work.graph, file)
        before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._add([(self.graph.start, address.ROOT)])
            self._loop()
            call_exit_hooks(self.work, self.store, self.containers.environments, self.on_event, self.result)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for one in self.running.values():
                _kill(one, signal.SIGKILL)
        return self.result

    def _loop(self) -> None:
        while (self.waiting and not self.result.failed) or self.running:
            while self.waiting and not self.result.failed and len(self.running) < self._most():
                self._launch(*self.waiting.pop(0))
            self._hear()
            if self.interrupts:
                self._stop()
                return

    def _most(self) -> int:
        return max(1, min(self.containers.max_workers, self.cores))

    def _hear(self, patience: float = 0.2) -> None:
        """Waits until a container says something, or for some time."""
        try:
            number, kind, value = self.heard.get(timeout=min(patience, self.containers.tick or patience))
        except queue.Empty:
            if self.containers.tick:
                self.on_event("tick", None, "")
            return
        one = self.running[number]
        if kind == "said":
            one.said = [*one.said, value][-_MESSAGE:]
        elif kind == "event":
            self._pass_on(one, *value)
        else:
            del self.running[number]
            self._ended(one, value)

    # ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(self, places: List[Address]) -> None:
        """Queues containers. Goes on at once after those whose tasks have all succeeded in an earlier start."""
        queued = list(places)
        while queued:
            place = queued.pop(0)
            reported = self._kept(place) if self.request else None
            if reported is None:
                self.waiting.append((place, 0))
            else:
                queued += self._after(place, reported)

    def _kept(self, place: Address) -> Optional[record.Outcome]:
        """Returns the report of a container whose tasks all have records; None if one is missing."""
        step, path = place
        several = self.containers.several[step]
        part = Part(self.written, frozenset(several.within), [(step, first) for first in chunk.members(path)])
        done, leaving = again.succeeded(self.store, self.work.run, part)
        if leaving < len(part.first):
            return None
        for one in done:
            part.note(one)
            self.on_event("kept", (one.step, one.path, one.attempt), "")
        assert part.last is not None
        return outcome.outcome_of(part, part.last, several, chunk.is_chunk(path))

    def _after(self, place: Address, reported: Mapping[str, Any]) -> List[Address]:
        """Returns the containers that can start now that this one has succeeded."""
        step, path = place
        if "paths" in reported:
            target = self.graph.targets(step)
            self.frontier.done(step, path, target, reported["splits"])
            return [(target[0], item) for item in reported["paths"]]
        chosen = [reported["next"]] if self.graph.kind(step) == "switch" else self.graph.targets(step)
        return self.frontier.done(step, path, chosen, None)

    def _launch(self, place: Address, attempt: int) -> None:
        step, path = place
        several = self.containers.several[step]
        self.count += 1
        report = os.path.join(self.folder, f"report-{self.count}.json")
        beside = min(self._most(), len(self.waiting) + len(self.running) + 1)
        words = ["task", "--step", step, "--path", path, "--within", ",".join(several.within)]
        words += ["--cores", str(max(1, self.cores // beside)), "--report", f"json:{report}"]
        peaks = ",".join(f"{name}={used:g}" for name, used in several.peaks.items())
        words += ["--peaks", peaks] if peaks else []
        words += ["--items", str(several.items)] if several.items else []
        words += ["--containers", str(several.containers)] if several.containers else []
        reading, writing = os.pipe()
        process = subprocess.Popen(
            [*self._command(step), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=self._environment(step, attempt, writing), pass_fds=[writing], start_new_session=True,
        )  # fmt: skip
        os.close(writing)
        one = self.running[self.count] = _Running(self.count, place, attempt, process, report)
        assert process.stdout is not None
        readers = [
            threading.Thread(target=self._listen, args=(one.number, "event", os.fdopen(reading, "rb")), daemon=True),
            threading.Thread(target=self._listen, args=(one.number, "said", process.stdout), daemon=True),
        ]
        one.threads = [*readers, threading.Thread(target=self._wait, args=(one, readers), daemon=True)]
        for thread in one.threads:
            thread.start()

    def _command(self, step: str) -> List[str]:
        where = self.containers.environments.get(step)
        if where is None:
            return [sys.executable, "-m", "flowc.runtime_shim"]
        return [where.python, "-s", "-c", BOOT, where.bundle]

    def _environment(self, step: str, attempt: int, listener: int) -> Dict[str, str]:
        where = self.containers.environments.get(step)
        variables = dict(os.environ) if where is None else other_python.variables(where, dict(os.environ))
        # those of the engine's task that has started this run, if one has
        for name in ("FLOWC_START", "FLOWC_TASK", "FLOWC_FIRST_ATTEMPT", "AWS_BATCH_JOB_ATTEMPT"):
            variables.pop(name, None)
        if where is None:
            variables.pop("FLOWC_PACKAGES", None)
        store = self.work.store if "://" in self.work.store else os.path.abspath(self.work.store)
        variables.update(
            FLOWC_STORE=store, FLOWC_FLOW=self.written.name, FLOWC_RUN=self.work.run, FLOWC_CODE=self.work.code,
            FLOWC_CODE_DIR=self.work.folder, FLOWC_IR=os.path.join(self.folder, "flowc.json"), FLOWC_OWNER=self.owner,
            FLOWC_TARGET="local", FLOWC_ATTEMPT=str(attempt), FLOWC_REQUEST=str(self.request), FLOWC_DURABLE="0",
            FLOWC_PARAMETERS=json.dumps(self.work.parameters or {}), FLOWC_TERMINATION_LOG=os.devnull,
        )  # fmt: skip
        variables[events.VARIABLE] = str(listener)
        return variables

    def _listen(self, number: int, kind: str, pipe: Any) -> None:
        """Passes on what a container writes into a pipe, line by line."""
        with pipe:
            for line in pipe:
                self.heard.put((number, kind, json.loads(line) if kind == "event" else line.decode("utf-8", "replace")))

    def _wait(self, one: _Running, readers: List[threading.Thread]) -> None:
        """Waits for the end of a container, and of what it has written: a process that it left may hold the pipes."""
        status = one.process.wait()
        until = time.monotonic() + PATIENCE
        for reader in readers:
            reader.join(max(0.0, until - time.monotonic()))
        self.heard.put((one.number, "ended", status))

    def _pass_on(self, one: _Running, kind: str, task: Any, text: str) -> None:
        if task is None:
            if kind == "isolation":
                self.on_event(kind, None, text)
            return
        name: Task = (task[0], task[1], task[2])
        if kind == "start":
            one.tasks[name[:2]] = name
        elif kind in ("done", "retry", "failed"):
            one.tasks.pop(name[:2], None)
        if kind == "failed":
            self.result.failed.append(name)
        self.on_event(kind, name, text)

    def _ended(self, one: _Running, status: int) -> None:
        if status == 0:
            with open(one.report, encoding="utf-8") as file:
                reported = json.load(file)
            self._add(self._after(one.place, reported))
            return
        if self.result.failed:
            return  # the container has said why
        step, path = one.place
        why = f"its container was lost: {_how(status)}"
        lost = list(one.tasks.values()) or [(step, chunk.members(path)[0], one.attempt)]
        if status < 0 and one.attempt + 1 < self.graph.attempts(step):
            for task in lost:
                self.on_event("retry", task, why)
            self.waiting.insert(0, (one.place, one.attempt + 1))
            return
        if status > 0:
            raise ShimError("".join(one.said).strip() or f"the container of step {step} at {path} has failed: {why}")
        for task in lost:
            self.on_event("failed", task, why)
        self.result.failed += lost

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _interrupt(self, _number: int, _frame: Any) -> None:
        self.interrupts += 1

    def _stop(self) -> None:
        """Stops running containers, which stop their tasks, with SIGTERM first and SIGKILL later."""
        self.result.stopped = True
        self.on_event("stopped", None, "")
        for one in self.running.values():
            _kill(one, signal.SIGTERM)
        until = time.monotonic() + 2 * PATIENCE
        while self.running and time.monotonic() < until and self.interrupts < 2:
            self._hear()


def _request(store: Store, flow: str, run: str) -> int:
    """Returns 0 for a new run, and otherwise how often somebody has asked to go on with it."""
    if next(iter(_tasks(store, flow, run)), None) is None:
        return 0
    request = 1
    while store.exists(address.code_of_request_name(flow, run, request)):
        request += 1
    return request


def _tasks(store: Store, flow: str, run: str) -> Any:
    from ..contract.tasks import tasks

    return tasks(store, flow, run)


def _kill(one: _Running, number: int) -> None:
    try:
        if number == signal.SIGKILL:
            os.killpg(one.process.pid, number)
        else:
            one.process.send_signal(number)
    except OSError:
        pass


def _how(status: int) -> str:
    if status >= 0:
        return f"it ended with exit code {status}"
    try:
        return f"it was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was ended by signal {-status}"
