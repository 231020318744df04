"""The local interpreter: a supervisor walks the graph, and the same shim as in a container runs each task.

The supervisor never imports user code. It keeps the output of each attempt, retries failed tasks, and reports events:

    on_event(kind, task, text)      task is (step, path, attempt), or None for the run
    kind of a task: "queued" "start" "line" "done" "retry" "failed", "kept" (its record existed already),
          "reused" (taken over from the run that `text` names), "damaged" (not taken over, for the reason in `text`,
          and run again)
    kind of the run: "isolation" (tasks get new processes, for the reason in `text`), "stopped", "tick" (time passed)

`flowc run` runs the whole graph (`run_flow`), a container with several tasks a part of it (`container/run.py`).
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections import deque
from typing import Any, Dict, List, Mapping, Optional, Set

from ..contract import address, record
from ..contract.graph import Graph
from ..contract.record import Record
from ..store import Store, open_store
from ..task import environment, failure
from .admission import Admission
from .attempt_logs import AttemptLogs, pipes
from .attempt_output import AttemptOutput
from .backlog import Backlog
from .earlier import AHEAD, Earlier
from .frontier import Address, Frontier
from .items_ahead import Hints
from .other_python import Environment
from .part import Part
from .processes import Process, Processes
from .running import Gang, Running, Task, how_it_ended, task_name
from .settings import OnEvent, Result, Settings
from .work import Work

PATIENCE = 5.0  # seconds that stopped tasks get to end by themselves


def run_flow(
    graph: Dict[str, Any], folder: str, store_url: str, run: str, parameters: Optional[Dict[str, Any]], code: str,
    settings: Settings,
    on_event: OnEvent, extra: Optional[Dict[str, Any]] = None,
) -> Result:  # fmt: skip
    """Runs the flow to its end, or continues a stopped run: tasks with records are not run again.

    `graph` is the IR's JSON form, `folder` the flow's, `code` the digest of its code package, `extra` more of run.json.
    `parameters` is None if run.json exists already. SIGINT and SIGTERM stop the run. Raises ShimError for invalid
    parameters, and for a run id that is used for something else.
    """
    store = open_store(store_url)
    ran_in = environment.put(store, graph["flow"]["name"], environment.here())
    work = Work(graph, os.path.abspath(folder), store_url, run, code, parameters, extra or {}, ran_in)
    return Supervisor(work, store, settings, on_event).run()


def call_exit_hooks(
    work: Work, store: Store, environments: Mapping[str, Environment], on_event: OnEvent, result: Result
) -> None:  # fmt: skip
    """Calls the `@exit_hook` functions of a run that has ended outside of a supervisor."""
    supervisor = Supervisor(work, store, Settings(environments=environments), on_event)
    supervisor.result = result
    try:
        supervisor.call_exit_hooks()
    finally:
        supervisor.end()


class Supervisor:
    """Runs a flow, or in a container a part of one, to its end."""

    def __init__(self, work: Work, store: Store, settings: Settings, on_event: OnEvent) -> None:
        self.work, self.store, self.settings, self.on_event = work, store, settings, on_event
        self.graph = Graph(work.graph)
        self.container = settings.container
        self.part = self.container.part if self.container is not None else Part(self.graph)
        self.frontier = Frontier(self.graph, self.part.within)
        self.admission = self.container.admission if self.container else Admission(self.graph, settings.max_workers)
        self.hints = Hints(self.graph)
        self.result = Result()
        self.backlog = Backlog()
        self.running: Dict[int, Running] = {}
        self.fresh: Set[Address] = set()  # joins that some re-run task leads to
        self.count = 0
        self.interrupts = 0
        self.selector = selectors.DefaultSelector()
        self.logs = AttemptLogs(store, self.graph.name, work.run, self.selector)
        self.processes = Processes(work, settings.isolation, settings.environments, self.selector)

    def run(self) -> Result:
        self.earlier = Earlier(
            self.store, self.graph, self.work, self.settings,
            lambda step, path, why: self.on_event("damaged", (step, path, 0), why),
        )  # fmt: skip
        if any(step not in self.settings.environments for step in self.graph.steps):
            self.processes.of(None)  # while this process has one thread
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        self.selector.register(wake, selectors.EVENT_READ, "wake")
        before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        descriptor = signal.set_wakeup_fd(woken.fileno())
        try:
            self._note_foreach_around()
            self._add(self.part.first, fresh=False)
            self._loop(wake)
            self.call_exit_hooks()
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            self.end()
            wake.close()
            woken.close()
        return self.result

    @property
    def _goes_on(self) -> bool:
        return not self.result.failed and not self.result.stopped

    def _loop(self, wake: socket.socket) -> None:
        while (self.backlog and self._goes_on) or self.running or not self.processes.are_ready:
            self._launch_all()
            self._hear_all(self._patience())
            try:
                wake.recv(4096)
            except BlockingIOError:
                pass
            if self.interrupts:
                self._stop()
                return
            if self.result.import_failed:
                return
            self._kill_late()
            self._publish()
            if self.settings.tick:
                self.on_event("tick", None, "")
            for one in list(self.running.values()):
                if one.status is not None and not one.output.pipes:
                    del self.running[one.number]
                    self._ended(one)

    def _hear_all(self, patience: Optional[float]) -> bool:
        """Waits until something happens, and hears it. Returns False if a signal has come."""
        quiet = True
        for key, _ in self.selector.select(patience):
            if isinstance(key.data, Process):
                self._hear(key.data)
            elif isinstance(key.data, tuple):
                number, stream = key.data
                if number in self.running:
                    self.logs.read(self.running[number], stream)
            else:
                quiet = False
        return quiet

    # ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(self, addresses: List[Address], fresh: bool) -> None:
        """Queues tasks. If a task's record exists or can be taken over, continues with its successors at once.

        `fresh`: a task before these was run again.
        """
        queue = deque((place, fresh) for place in addresses)
        ahead = 0
        while queue:
            if not ahead and len(queue) > 1:
                ahead = min(len(queue), AHEAD)
                self.earlier.fetch_ahead(queue[number][0] for number in range(ahead))
            ahead = max(0, ahead - 1)
            (step, path), fresh = queue.popleft()
            kind, done = self.earlier.find(step, path, fresh or (step, path) in self.fresh)
            if done is None:
                self._queue(step, path)
            else:
                self.on_event(kind, (step, path, int(done.data.get("attempt", 0))), str(done.data.get("origin", "")))
                queue += [(place, fresh) for place in self._follow(done, fresh)]

    def _note_foreach_around(self) -> None:
        """Reads the record of the foreach whose items this container runs, if there are several."""
        place = self.hints.opener(*self.part.first[0]) if len(self.part.first) > 1 else None
        done = record.read(self.store, self.graph.name, self.work.run, *place) if place is not None else None
        if done is not None:
            self.hints.note(done)

    def _queue(self, step: str, path: str) -> None:
        """Queues the task's next attempt. Fails the run if the attempts that earlier containers lost were its last."""
        self.processes.of_step(step)
        attempt = self.container.journal.number(step, path) if self.container is not None else 0
        task = (step, path, attempt)
        if self._tries(task) >= self.graph.attempts(step):
            self._fail((step, path, attempt - 1), failure.SILENT)
            return
        self.backlog.add(task)
        self.on_event("queued", task, "")

    def _tries(self, task: Task) -> int:
        """Returns how many attempts at the task count before this one."""
        return self.container.journal.tries(task) if self.container is not None else task[2]

    def _follow(self, done: Record, fresh: bool) -> List[Address]:
        """Returns the tasks that can start now that this one has succeeded.

        Fails the run for a foreach that is too wide.
        """
        limit = self.settings.max_splits
        if limit and done.splits is not None and done.splits > limit:
            task = (done.step, done.path, int(done.data.get("attempt", 0)))
            self._fail(task, f"its foreach has {done.splits} items, more than --max-num-splits {limit} allows")
            return []
        self.part.note(done)
        self.hints.note(done)
        if fresh:
            self.fresh.update(self.frontier.joins(done.path, done.next))
        return self.frontier.done(done.step, done.path, done.next, done.splits)

    def _launch_all(self) -> None:
        """Starts the tasks that have waited longest, as many as may run beside those that do.

        If a task belongs to a gang, starts the whole gang, however many tasks may run at a time.
        """
        while self._goes_on:
            task = self.backlog.next()
            if task is None or not self._can_start(task):
                return
            self.backlog.take()
            if self.graph.is_gang(task[0]):
                self._launch_gang(task)
            else:
                self._launch(task)

    def _can_start(self, task: Task) -> bool:
        step = task[0]
        if self.container is not None and not self.container.journal.admits(task):
            return False
        return self.processes.of_step(step).ready and self.admission.admits(
            step, (one.task[0] for one in self.running.values())
        )

    def _launch_gang(self, first: Task) -> None:
        gang, place = Gang(), address.parent(first[1])
        members = [task for task in self.backlog.waiting() if task[0] == first[0] and address.parent(task[1]) == place]
        self.backlog.take_all(members)
        for member in [first, *members]:
            one = self._launch(member, {"gang": gang.token})
            one.gang = gang
            gang.running.append(one)

    def _launch(self, task: Task, more: Optional[Mapping[str, Any]] = None) -> Running:
        """Starts an attempt, or calls the exit hooks: they have the environment of the last step."""
        step, path, attempt = task
        self.count += 1
        request = {"id": self.count, "step": step, "path": path, "attempt": attempt, **(more or {})}
        items = self.hints.of(step, path)
        if items is not None:
            request["items"] = items
        line = ""
        if self.container is not None:
            line = os.path.join(self.container.folder, f"line-{self.count}")
            request.update(tries=self._tries(task), line=line)
            self.container.journal.starts(task)
        reading, writing = pipes()
        output = AttemptOutput(reading, lambda text: self.on_event("line", task, text))
        one = self.running[self.count] = Running(self.count, task, output, line)
        is_task = step in self.graph.steps
        limit = self.graph.timeout_seconds(step) if is_task else 0
        if limit:
            one.deadline = time.monotonic() + limit + self.settings.overtime
        self.logs.listen(one)
        self.processes.of_step(step if is_task else self.graph.end).send(request, writing)
        if is_task:
            self.on_event("start", task, "")
        return one

    def _hear(self, process: Process) -> None:
        for message in process.messages():
            if "ready" in message:
                process.ready = True
                if message["why"]:
                    self.on_event("isolation", None, message["why"])
            elif "failed" in message:
                self.result.import_failed = True
            elif "pid" in message:
                one = self.running[message["id"]]
                one.pid = message["pid"]
                if one.gang is not None and one.gang.why:  # a different member failed before this one began
                    one.signal(signal.SIGKILL)
                elif self.result.stopped:  # the run was stopped before this one began
                    one.signal(signal.SIGTERM)
            else:
                one = self.running[message["id"]]
                one.status, one.peak = message["status"], message["peak"]
                self.logs.close(one)

    def _ended(self, one: Running) -> None:
        step, path, attempt = one.task
        flow, run = self.graph.name, self.work.run
        self.logs.keep(one)
        # a gang member may have been killed because of a different one, after its record was written
        done = record.read(self.store, flow, run, step, path) if one.status == 0 or one.gang is not None else None
        if self.container is not None and done is not None:
            self.container.journal.ended(one.task, succeeded=True)
        if done is not None:
            self.on_event("done", one.task, "")
            if self.settings.reuse is not None:
                self.settings.reuse.keep(step, path)
            self._add(self._follow(done, fresh=True), fresh=True)
            if one.gang is not None:
                self._gang_ended(one.gang)
            return
        failed = failure.read(self.store, flow, run, step, path, attempt)
        if failed and float(failed["time"]) < one.started:  # written by an earlier try at the same attempt
            failed = {}
        why = one.killed or how_it_ended(one.status or 0, one.peak, failed)
        if not failed:
            failure.write_death(self.store, flow, run, one.task, why, one.output.log, one.started)
        if self.container is not None:
            self.container.journal.ended(one.task, succeeded=False)
        tries = self._tries(one.task) + 1
        retries = tries < self.graph.attempts(step) and not failure.forbids_retry(one.status or 0)
        if one.gang is not None:
            self._gang_failed(one.gang, one, why, retries)
        elif retries:
            self.on_event("retry", one.task, why)
            self._again((step, path, attempt + 1), tries)
        else:
            self._fail(one.task, why, one.last_line())

    def _again(self, task: Task, tries: int) -> None:
        """Queues another attempt, in a container after the pause that the step's `@retry` asks for.

        An attempt that runs no user code, for `@catch`, need not wait.
        """
        pause = self.graph.pause_seconds(task[0]) if self.container is not None and self.container.waits else 0
        if pause and tries <= self.graph.retries(task[0]):
            self.backlog.add_later(task, pause)
        else:
            self.backlog.add_first([task])

    def _fail(self, task: Task, why: str, line: str = "") -> None:
        """Ends the run with the failure of the task. Running tasks go on to their end.

        `line` is what the task has left for the engine, if it has.
        """
        self.on_event("failed", task, why)
        if not self.result.failed:
            self.result.reason = f"{task_name(task)}: {line or why}"
        self.result.failed.append(task)

    def _gang_failed(self, gang: Gang, one: Running, why: str, again: bool) -> None:
        """Kills the other members, which might wait for this one for ever."""
        gang.failed.append(one)
        if not gang.why:
            gang.why = why
            gang.hopeless = not again
            for other in gang.running:
                if other is not one and other.status is None:
                    other.signal(signal.SIGKILL)
        self._gang_ended(gang)

    def _gang_ended(self, gang: Gang) -> None:
        """Counts a member that has ended.

        After the last one, members without a record are retried together, or fail.
        """
        gang.ended += 1
        if not gang.failed or gang.ended < len(gang.running):
            return
        tasks = [member.task for member in gang.running if member in gang.failed]
        for task in tasks:
            self.on_event("failed" if gang.hopeless else "retry", task, gang.why)
        if gang.hopeless:
            self.result.failed += tasks
        else:
            self.backlog.add_first((step, path, attempt + 1) for step, path, attempt in tasks)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _patience(self) -> Optional[float]:
        """Returns the seconds until the next deadline of a running attempt or the next tick; None without either."""
        waits = [
            one.deadline - time.monotonic()
            for one in self.running.values()
            if one.deadline is not None and not one.killed
        ]
        if self.settings.tick:
            waits.append(self.settings.tick)
        behind = self.container is not None and self.container.journal.is_behind
        if behind or any(not one.output.is_published for one in self.running.values()):
            waits.append(self.logs.next_look - time.monotonic())
        pause = self.backlog.patience
        if pause is not None and self._goes_on:
            waits.append(pause)
        return max(0.0, min(waits)) if waits else None

    def _kill_late(self) -> None:
        for one in self.running.values():
            if one.deadline is not None and not one.killed and one.status is None and time.monotonic() >= one.deadline:
                one.killed = (
                    f"it did not end within its time limit of {self.graph.timeout_seconds(one.task[0]):g} s, and was "
                    "killed"
                )
                one.signal(signal.SIGKILL)

    def _publish(self) -> None:
        """Publishes the output of running tasks, if it is time. Tasks that end soon only publish their complete log."""
        if self.result.stopped or not self.logs.is_time():
            return
        self.logs.publish(one for one in self.running.values() if one.task[0] in self.graph.steps)
        if self.container is not None:
            self.container.journal.write_if_behind()

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def call_exit_hooks(self) -> None:
        """Calls `@exit_hook` functions in a process like those of tasks.

        Shows their output, and ignores how they end.
        """
        hooked = any(decorator["name"] == "exit_hook" for decorator in self.graph.flow["decorators"])
        if not hooked or not self.part.is_whole or self.result.import_failed or self.result.stopped:
            return
        one = self._launch(("exit_hook", address.ROOT, 0), {"hook": self.result.succeeded})
        while (one.status is None or one.output.pipes) and not self.interrupts:
            if not self._hear_all(None):
                return

    def _interrupt(self, _number: int, _frame: Any) -> None:
        self.interrupts += 1

    def _stop(self) -> None:
        """Stops running attempts, with SIGTERM first and SIGKILL later."""
        self.result.stopped = True
        self.on_event("stopped", None, "")
        if self.container is not None:
            self.container.journal.stop()
        for one in self.running.values():
            one.signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while (
            any(one.status is None for one in self.running.values())
            and time.monotonic() < until
            and self.interrupts < 2
        ):
            self._hear_all(0.1)
        for one in self.running.values():
            one.signal(signal.SIGKILL)
            self.logs.keep(one)

    def end(self) -> None:
        """Ends the processes, with the tasks that still run."""
        self.processes.end()
        for one in self.running.values():
            self.logs.close(one)
        self.selector.close()
