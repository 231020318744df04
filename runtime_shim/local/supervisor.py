"""The local interpreter: a supervisor walks the graph, and the same shim as in a container runs each task.

The supervisor never imports user code. It keeps the output of each attempt, retries failed tasks, and reports events:

    on_event(kind, task, text)      task is (step, path, attempt), or None for the run
    kind of a task: "queued" "start" "line" "done" "retry" "failed", "kept" (its record existed already),
          "reused" (taken over from the run that `text` names), "damaged" (not taken over, for the reason in `text`,
          and run again)
    kind of the run: "isolation" (tasks get new processes, for the reason in `text`), "stopped", "tick" (time passed)
"""

from __future__ import annotations

import array
import json
import os
import selectors
import signal
import socket
import time
from collections import deque
from heapq import heappop, heappush
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Set, Tuple

from ..contract import address, record
from ..contract.errors import DamagedError, ShimError
from ..contract.graph import Graph
from ..contract.logs import STREAMS
from ..contract.record import Record
from ..store import Store, open_store
from ..task import environment, failure
from . import other_python, warm_process
from .admission import Admission
from .attempt_output import AttemptOutput
from .frontier import Address, Frontier
from .other_python import Environment
from .part import Part
from .reuse import Check, Policy, taken_over
from .work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..container.journal import Journal

Task = Tuple[str, str, int]  # step, path, attempt
OnEvent = Callable[[str, Optional[Task], str], None]

AHEAD = 64  # records that are fetched at once, of tasks that may have succeeded already
PATIENCE = 5.0  # seconds that stopped tasks get to end by themselves
# seconds between two writes of running tasks' logs, to a folder and to an object store
LOOK, LOOK_REMOTE = (
    0.3,
    5.0,
)
OVERTIME = 60.0  # seconds after `@timeout` after which a process that ignored it is killed, as on the engines


class Settings:
    """The settings of a run on this machine."""

    def __init__(
        self, max_workers: int = 16, max_splits: int = 0, isolation: str = "auto", reuse: Optional[Policy] = None,
        tick: float = 0, overtime: float = OVERTIME, environments: Optional[Mapping[str, Environment]] = None,
        container: Optional[InContainer] = None,
    ) -> None:  # fmt: skip
        self.container = container  # what differs in a container that runs a part of the flow
        self.environments = environments or {}  # step → where its tasks run, for those that have an environment
        self.max_workers = max_workers
        self.max_splits = max_splits  # most items of a foreach; 0 for no limit
        self.isolation = isolation  # one of warm.ISOLATIONS
        self.reuse = reuse  # takes over tasks that other runs have done
        self.tick = tick  # seconds between two `tick` events; 0 for none
        self.overtime = overtime


class InContainer:
    """How a part of the flow is run in a container: with a journal of the attempts, and pauses between them."""

    def __init__(self, part: Part, admission: Admission, journal: Journal, known: bool, folder: str) -> None:
        self.part, self.admission, self.journal = part, admission, journal
        self.known = known  # tasks may have records already
        self.folder = folder  # a private one, in which tasks leave the line for the engine


class Result:
    """The outcome of a run."""

    def __init__(self) -> None:
        self.failed: List[Task] = []
        self.stopped = False
        self.import_failed = False
        self.reason = ""  # the line for the engine about the first task that has failed for good

    @property
    def succeeded(self) -> bool:
        return not self.failed and not self.stopped and not self.import_failed


class _Running:
    """An attempt in progress."""

    def __init__(self, task: Task, output: AttemptOutput) -> None:
        self.task, self.output = task, output
        self.pid = 0
        self.status: Optional[int] = None
        self.deadline: Optional[float] = None  # by the monotonic clock
        self.killed = ""  # why the supervisor killed it
        self.started = time.time()
        self.peak = 0  # peak memory of its process, in bytes; 0 while it runs
        self.gang: Optional[_Gang] = None
        self.line = ""  # the file for the line that it leaves for the engine, in a container


class _Process:
    """A warm process, which runs the tasks of one environment."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid, self.control = pid, control
        self.pending = b""  # the beginning of a line that it has not sent to its end
        self.ready = False


class _Gang:
    """The tasks of one `num_parallel`. They start together, and if one fails all are retried."""

    def __init__(self) -> None:
        self.token = f"-{os.urandom(4).hex()}"  # identifies this try
        self.running: List[_Running] = []
        self.failed: List[_Running] = []  # without a record
        self.ended = 0  # number of members that have ended, with a record or without
        self.why = ""  # the first reason for its failure
        self.hopeless = False


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


class Supervisor:
    def __init__(self, work: Work, store: Store, settings: Settings, on_event: OnEvent) -> None:
        self.work, self.store, self.settings, self.on_event = work, store, settings, on_event
        self.graph = Graph(work.graph)
        self.container = settings.container
        self.part = self.container.part if self.container is not None else Part(self.graph)
        self.frontier = Frontier(self.graph, self.part.within)
        self.whole = Check(store, self.graph.name, False)
        self.admission = self.container.admission if self.container else Admission(self.graph, settings.max_workers)
        self.result = Result()
        self.waiting: Deque[Task] = deque()
        self.later: List[Tuple[float, Task]] = []  # a heap: tasks that wait until a time, by the monotonic clock
        self.running: Dict[int, _Running] = {}
        self.fresh: Set[Address] = set()  # joins that some re-run task leads to
        self.count = 0
        self.processes: Dict[str, _Process] = {}  # by the digest of their packages; "" in the Python that runs flowc
        self.interrupts = 0
        self.next_look = time.monotonic() + LOOK  # time of the next publishing of logs, by the monotonic clock

    def run(self) -> Result:
        self.known = self._is_known()
        self.selector = selectors.DefaultSelector()
        if any(step not in self.settings.environments for step in self.graph.steps):
            self._process(None)  # while this process has one thread
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        self.selector.register(wake, selectors.EVENT_READ, "wake")
        before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        descriptor = signal.set_wakeup_fd(woken.fileno())
        try:
            self._add(self.part.first, fresh=False)
            self._loop(wake)
            self._call_exit_hooks()
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._end()
            wake.close()
            woken.close()
        return self.result

    def _is_known(self) -> bool:
        """Returns True if tasks may have records already."""
        if self.container is not None:
            return self.container.known
        try:
            return record.read_run(self.store, self.graph.name, self.work.run) is not None
        except DamagedError:  # it is written again
            return True

    @property
    def _goes_on(self) -> bool:
        return not self.result.failed and not self.result.stopped

    def _loop(self, wake: socket.socket) -> None:
        while (
            ((self.waiting or self.later) and self._goes_on)
            or self.running
            or not all(process.ready for process in self.processes.values())
        ):
            while self.later and self.later[0][0] <= time.monotonic():
                self.waiting.appendleft(heappop(self.later)[1])
            while self.waiting and self._goes_on and self._can_start(self.waiting[0][0]):
                self._launch_next()
            for key, _ in self.selector.select(self._patience()):
                if isinstance(key.data, _Process):
                    self._hear(key.data)
                elif key.data == "wake":
                    try:
                        wake.recv(4096)
                    except BlockingIOError:
                        pass
                else:
                    self._read(*key.data)
            if self.interrupts:
                self._stop()
                return
            if self.result.import_failed:
                return
            self._kill_late()
            self._publish_logs()
            if self.settings.tick:
                self.on_event("tick", None, "")
            for number in [
                number for number, value in self.running.items() if value.status is not None and not value.output.pipes
            ]:
                self._ended(self.running.pop(number))

    # ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(self, addresses: List[Address], fresh: bool) -> None:
        """Queues tasks. If a task's record exists or can be taken over, continues with its successors at once.

        `fresh`: a task before these was run again.
        """
        queue = deque((place, fresh) for place in addresses)
        ahead = 0
        while queue:
            if not ahead and self.known and self.store.remote and len(queue) > 1:
                ahead = min(len(queue), AHEAD)
                self._fetch_ahead([queue[number][0] for number in range(ahead)])
            ahead = max(0, ahead - 1)
            (step, path), fresh = queue.popleft()
            kind, done = self._done_already(step, path, fresh or (step, path) in self.fresh)
            if done is None:
                self._process_of(step)
                self._queue(step, path)
            else:
                self.on_event(kind, (step, path, int(done.data.get("attempt", 0))), str(done.data.get("origin", "")))
                queue += [(place, fresh) for place in self._follow(done, fresh)]

    def _queue(self, step: str, path: str) -> None:
        """Queues the task's next attempt. Fails the run if the attempts that earlier containers lost were its last."""
        attempt = self.container.journal.number(step, path) if self.container is not None else 0
        task = (step, path, attempt)
        if self._tries(task) >= self.graph.attempts(step):
            self._fail((step, path, attempt - 1), failure.SILENT)
            return
        self.waiting.append(task)
        self.on_event("queued", task, "")

    def _tries(self, task: Task) -> int:
        """Returns how many attempts at the task count before this one."""
        return self.container.journal.tries(task) if self.container is not None else task[2]

    def _fail(self, task: Task, why: str, line: str = "") -> None:
        """Ends the run with the failure of the task. Running tasks go on to their end.

        `line` is the file with the line that the task has left for the engine, if it has.
        """
        self.on_event("failed", task, why)
        if not self.result.failed:
            self.result.reason = f"{task_name(task)}: {_text(line) or why}"
        self.result.failed.append(task)

    def _fetch_ahead(self, addresses: List[Address]) -> None:
        flow, run = self.graph.name, self.work.run
        self.store.fetch_ahead([address.record_name(flow, run, step, path) for step, path in addresses])

    def _done_already(self, step: str, path: str, fresh: bool) -> Tuple[str, Optional[Record]]:
        if self.known:
            done = self._own_record(step, path)
            if done is not None:
                if self.container is None and step == self.graph.start and not address.visit(path):
                    self._check_run()
                return "kept", done
        origin = self.settings.reuse.find(step, path, fresh) if self.settings.reuse is not None else None
        if origin is None:
            if self.settings.reuse is not None and self.settings.reuse.damage:
                self.on_event("damaged", (step, path, 0), self.settings.reuse.damage)
            return "", None
        return "reused", taken_over(self.store, self.graph.name, self.work.run, *origin)

    def _own_record(self, step: str, path: str) -> Optional[Record]:
        """Returns the record of an earlier start of this run.

        Raises DamagedError if it is damaged, since no record is ever replaced.
        """
        try:
            done = record.read(self.store, self.graph.name, self.work.run, step, path)
        except DamagedError as error:
            problem = str(error)
        else:
            problem = self.whole(done) if done is not None and self.container is None else ""
        if problem:
            where = f"{step}/{path}" if path != address.ROOT else step
            raise DamagedError(
                f"run {self.work.run!r} cannot continue: the results of task {where} are damaged: {problem}. Start a "
                "new run to compute them again"
            )
        return done

    def _check_run(self) -> None:
        """Checks code and parameters as the first task would have done."""
        from ..contract import parameters

        if self.work.parameters is not None:
            values = parameters.convert(self.graph.flow["parameters"], self.work.parameters)
            data = {
                "flow": self.graph.name,
                "run": self.work.run,
                "parameters": values,
                "code": self.work.code,
                "target": "local",
            }
            record.start_run(
                self.store, self.graph.name, self.work.run, {**data, "started": time.time(), **self.work.extra}
            )

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
        if fresh:
            self.fresh.update(self.frontier.joins(done.path, done.next))
        return self.frontier.done(done.step, done.path, done.next, done.splits)

    def _can_start(self, step: str) -> bool:
        return self._process_of(step).ready and self._admits(step)

    def _admits(self, step: str) -> bool:
        return self.admission.admits(step, (attempt.task[0] for attempt in self.running.values()))

    def _launch_next(self) -> None:
        """Starts the task that has waited longest.

        If it belongs to a gang, starts the whole gang, however many tasks may run at a time.
        """
        task = self.waiting.popleft()
        if not self.graph.is_gang(task[0]):
            self._launch(task)
            return
        gang, place = _Gang(), address.parent(task[1])
        members = [
            task,
            *(member for member in self.waiting if member[0] == task[0] and address.parent(member[1]) == place),
        ]
        self.waiting = deque(queued for queued in self.waiting if queued not in members)
        for member in members:
            one = self._launch(member, {"gang": gang.token})
            one.gang = gang
            gang.running.append(one)

    def _process_of(self, step: str) -> _Process:
        """The process that runs the step's tasks, started by now. Exit hooks have the environment of the last step."""
        return self._process(self.settings.environments.get(step if step in self.graph.steps else self.graph.end))

    def _process(self, where: Optional[Environment]) -> _Process:
        key = where.packages if where is not None else ""
        if key not in self.processes:
            work, isolation = self.work, self.settings.isolation
            started = (
                warm_process.start(work, isolation) if where is None else other_python.start(work, isolation, where)
            )
            pid, control = started
            self.processes[key] = _Process(pid, control)
            self.selector.register(control, selectors.EVENT_READ, self.processes[key])
        return self.processes[key]

    def _launch(self, task: Task, more: Optional[Dict[str, Any]] = None) -> _Running:
        request = {"step": task[0], "path": task[1], "attempt": task[2], **(more or {})}
        if self.container is not None:
            line = os.path.join(self.container.folder, f"line-{self.count + 1}")
            request.update(tries=self._tries(task), line=line)
            self.container.journal.starts(task)
        pipes = {stream: os.pipe() for stream in STREAMS}
        self.count += 1
        reading = {stream: ends[0] for stream, ends in pipes.items()}
        one = _Running(task, AttemptOutput(reading, lambda line: self.on_event("line", task, line)))
        one.line = request.get("line", "")
        limit = self.graph.timeout_seconds(task[0]) if task[0] in self.graph.steps else 0
        if limit:
            one.deadline = time.monotonic() + limit + self.settings.overtime
        self.running[self.count] = one
        for stream in STREAMS:
            self.selector.register(reading[stream], selectors.EVENT_READ, (self.count, stream))
        writing = [pipes[stream][1] for stream in STREAMS]
        message = json.dumps({"id": self.count, **request}).encode() + b"\n"
        try:
            control = self._process_of(task[0]).control
            sent = control.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", writing))])
            control.sendall(message[sent:])
        finally:
            for descriptor in writing:
                os.close(descriptor)
        if task[0] in self.graph.steps:
            self.on_event("start", task, "")
        return one

    def _hear(self, process: _Process) -> None:
        data = process.control.recv(65536)
        if not data:
            raise ShimError("the process that runs the tasks has ended unexpectedly")
        *lines, process.pending = (process.pending + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
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
                    _signal(one, signal.SIGKILL)
                elif self.result.stopped:  # the run was stopped before this one began
                    _signal(one, signal.SIGTERM)
            else:
                one = self.running[message["id"]]
                one.status, one.peak = message["status"], message["peak"]
                self._close(one)

    def _read(self, number: int, stream: str) -> None:
        one = self.running.get(number)
        if one is not None and stream in one.output.pipes:
            descriptor = one.output.pipes[stream]
            one.output.read(stream)
            if stream not in one.output.pipes:
                self.selector.unregister(descriptor)

    def _close(self, one: _Running) -> None:
        for stream, descriptor in list(one.output.pipes.items()):
            self.selector.unregister(descriptor)
            one.output.drain(stream)

    def _ended(self, one: _Running) -> None:
        step, path, attempt = one.task
        flow, run = self.graph.name, self.work.run
        self._keep_log(one)
        # a gang member may have been killed because of a different one, after its record was written
        done = record.read(self.store, flow, run, step, path) if one.status == 0 or one.gang is not None else None
        if done is not None:
            self.on_event("done", one.task, "")
            if self.container is not None:
                self.container.journal.ended(one.task, succeeded=True)
            if self.settings.reuse is not None:
                self.settings.reuse.keep(step, path)
            self._add(self._follow(done, fresh=True), fresh=True)
            if one.gang is not None:
                self._gang_ended(one.gang)
            return
        failed = failure.read(self.store, flow, run, step, path, attempt)
        if failed and float(failed["time"]) < one.started:  # written by an earlier try at the same attempt
            failed = {}
        why = one.killed or _how_it_ended(one.status or 0, one.peak, failed)
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
            self._fail(one.task, why, one.line)

    def _again(self, task: Task, tries: int) -> None:
        """Queues another attempt, in a container after the pause that the step's `@retry` asks for.

        An attempt that runs no user code, for `@catch`, need not wait.
        """
        pause = self.graph.pause_seconds(task[0]) if self.container is not None else 0
        if pause and tries <= self.graph.retries(task[0]):
            heappush(self.later, (time.monotonic() + pause, task))
        else:
            self.waiting.appendleft(task)

    def _gang_failed(self, gang: _Gang, one: _Running, why: str, again: bool) -> None:
        """Kills the other members, which might wait for this one for ever."""
        gang.failed.append(one)
        if not gang.why:
            gang.why = why
            gang.hopeless = not again
            for other in gang.running:
                if other is not one and other.status is None:
                    _signal(other, signal.SIGKILL)
        self._gang_ended(gang)

    def _gang_ended(self, gang: _Gang) -> None:
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
            self.waiting.extendleft((step, path, attempt + 1) for step, path, attempt in reversed(tasks))

    def _keep_log(self, one: _Running) -> None:
        one.output.publish(self.store, self._log_name(one), whole=True)

    def _log_name(self, one: _Running) -> str:
        step, path, attempt = one.task
        return address.task_name(self.graph.name, self.work.run, step, path, f"{attempt}.log")

    def _publish_logs(self) -> None:
        """Publishes what running tasks have printed so far, for those who follow the log.

        Tasks that end soon only publish their complete log.
        """
        now = time.monotonic()
        if now < self.next_look or self.result.stopped:
            return
        for one in self.running.values():
            if not one.output.is_published and one.task[0] in self.graph.steps:
                one.output.publish(self.store, self._log_name(one))
        if self.container is not None:
            self.container.journal.write_if_behind()
        took = time.monotonic() - now
        self.next_look = now + max(LOOK_REMOTE if self.store.remote else LOOK, 20 * took)

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _call_exit_hooks(self) -> None:
        """Calls `@exit_hook` functions in a process like those of tasks.

        Shows their output, and ignores how they end.
        """
        hooked = any(decorator["name"] == "exit_hook" for decorator in self.graph.flow["decorators"])
        if not hooked or not self.part.is_whole or self.result.import_failed or self.result.stopped:
            return
        one = self._launch(("exit_hook", address.ROOT, 0), {"hook": self.result.succeeded})
        while (one.status is None or one.output.pipes) and not self.interrupts:
            for key, _ in self.selector.select():
                if isinstance(key.data, _Process):
                    self._hear(key.data)
                elif key.data == "wake":
                    return
                else:
                    self._read(*key.data)

    def _patience(self) -> Optional[float]:
        """Returns the seconds until the next deadline of a running attempt or the next tick; None without either."""
        waits = [
            attempt.deadline - time.monotonic()
            for attempt in self.running.values()
            if attempt.deadline is not None and not attempt.killed
        ]
        if self.settings.tick:
            waits.append(self.settings.tick)
        unseen = self.container is not None and self.container.journal.is_behind
        if unseen or any(not attempt.output.is_published for attempt in self.running.values()):
            waits.append(self.next_look - time.monotonic())
        if self.later and self._goes_on:
            waits.append(self.later[0][0] - time.monotonic())
        return max(0.0, min(waits)) if waits else None

    def _kill_late(self) -> None:
        for one in self.running.values():
            if one.deadline is not None and not one.killed and one.status is None and time.monotonic() >= one.deadline:
                one.killed = (
                    f"it did not end within its time limit of {self.graph.timeout_seconds(one.task[0]):g} s, and was "
                    "killed"
                )
                _signal(one, signal.SIGKILL)

    def _interrupt(self, _number: int, _frame: Any) -> None:
        self.interrupts += 1

    def _stop(self) -> None:
        """Stops running attempts, with SIGTERM first and SIGKILL later."""
        self.result.stopped = True
        self.on_event("stopped", None, "")
        if self.container is not None:
            self.container.journal.write_if_behind()
        for one in self.running.values():
            _signal(one, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while (
            any(attempt.status is None for attempt in self.running.values())
            and time.monotonic() < until
            and self.interrupts < 2
        ):
            for key, _ in self.selector.select(0.1):
                if isinstance(key.data, _Process):
                    self._hear(key.data)
                elif isinstance(key.data, tuple):
                    self._read(*key.data)
        for one in self.running.values():
            _signal(one, signal.SIGKILL)
            self._keep_log(one)

    def _end(self) -> None:
        for process in self.processes.values():
            process.control.close()
        for process in self.processes.values():
            try:
                os.waitpid(process.pid, 0)
            except (ChildProcessError, InterruptedError):
                pass
        for one in self.running.values():
            self._close(one)
        self.selector.close()


def task_name(task: Task) -> str:
    """Returns the task's name for people: `measure/63`, and the step's alone outside a foreach."""
    step, path, _ = task
    return step if path == address.ROOT else f"{step}/{path}"


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as lines:
            return lines.read().strip()
    except OSError:
        return ""


def _signal(one: _Running, number: int) -> None:
    """Sends a signal to the attempt's process group. SIGKILL is also sent to what the attempt left behind."""
    if one.pid and (one.status is None or number == signal.SIGKILL):
        try:
            os.killpg(one.pid, number)
        except OSError:
            pass


def _how_it_ended(status: int, peak: int, failed: Dict[str, Any]) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = f" (out of memory? It used up to {_amount(peak)})" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    if failed:
        message = str(failed["message"]).strip().split("\n")[0]
        if str(failed["type"]).startswith(f"{ShimError.__module__}."):  # a message of the shim's own
            return message
        kind = str(failed["type"])
        kind = kind.rpartition(".")[2] if kind.startswith("flowc.runtime_shim.") else kind
        return f"{kind}: {message}" if message else kind
    return f"its process ended with exit code {code} in the middle of the step"


def _amount(size: int) -> str:
    return f"{size / 2**30:.1f} GiB of memory" if size >= 2**30 else f"{size / 2**20:.0f} MiB of memory"
