"""The local interpreter: a supervisor that walks the graph, and has each task run by the same shim that runs it in a container.

The supervisor never imports user code. It keeps what each attempt prints, tries failed tasks again, and reports what happens as events:

    on_event(kind, task, text)      task is (step, path, attempt), or None for the run
    kind: "start" "line" "done" "kept" (its record was there already) "retry" "failed" "stopped"
"""

from __future__ import annotations

import array
import json
import os
import selectors
import signal
import socket
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import address, failure, record, warm
from .errors import ShimError
from .frontier import Frontier
from .graph import Graph
from .store import Store, open_store

Task = Tuple[str, str, int]  # step, path, attempt
OnEvent = Callable[[str, Optional[Task], str], None]

LOG_KEPT = 16 << 20  # bytes of an attempt's output that become its log
PATIENCE = 5.0  # seconds that stopped tasks get to end by themselves


class Result:
    """How a run ended."""

    def __init__(self) -> None:
        self.failed: List[Task] = []
        self.stopped = False
        self.import_failed = False

    @property
    def succeeded(self) -> bool:
        return not self.failed and not self.stopped and not self.import_failed


class _Running:
    """One attempt that runs now."""

    def __init__(self, task: Task, output: int) -> None:
        self.task, self.output = task, output
        self.pid = 0
        self.log: List[bytes] = []
        self.size = 0
        self.partial = b""  # a line that has not ended yet
        self.status: Optional[int] = None
        self.open = True


def run_flow(
    graph: Dict[str, Any], folder: str, store_url: str, run: str, parameters: Dict[str, Any], code: str, max_workers: int, on_event: OnEvent,
    extra: Optional[Dict[str, Any]] = None,
) -> Result:  # fmt: skip
    """Runs the flow to its end, or goes on with a run that was stopped: tasks whose records exist are not run again.

    `graph` is the IR's JSON form, `folder` the flow's, `code` the digest of its code package, `extra` more of run.json. SIGINT and SIGTERM
    stop the run. Raises ShimError for parameters that are wrong and for a run id that stands for something else.
    """
    work = warm.Work(graph, os.path.abspath(folder), store_url, run, code, parameters, extra or {})
    return _Supervisor(work, open_store(store_url), max_workers, on_event).run()


class _Supervisor:
    def __init__(self, work: warm.Work, store: Store, max_workers: int, on_event: OnEvent) -> None:
        self.work, self.store, self.max_workers, self.on_event = work, store, max_workers, on_event
        self.graph = Graph(work.graph)
        self.frontier = Frontier(self.graph)
        self.result = Result()
        self.waiting: List[Task] = []
        self.running: Dict[int, _Running] = {}
        self.count = 0
        self.pending = b""
        self.ready = False
        self.interrupts = 0

    def run(self) -> Result:
        known = record.read_run(self.store, self.graph.name, self.work.run) is not None
        pid, self.control = warm.start(self.work)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.control, selectors.EVENT_READ, None)
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        self.selector.register(wake, selectors.EVENT_READ, "wake")
        before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        descriptor = signal.set_wakeup_fd(woken.fileno())
        try:
            self._add([self.frontier.first()], known)
            self._loop(known, wake)
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._end(pid)
        return self.result

    def _loop(self, known: bool, wake: socket.socket) -> None:
        while (self.waiting and not self.result.failed and not self.result.stopped) or self.running or not self.ready:
            while self.ready and self.waiting and len(self.running) < self.max_workers and not self.result.failed and not self.result.stopped:
                self._launch(self.waiting.pop(0))
            for key, _ in self.selector.select():
                if key.data is None:
                    self._hear()
                elif key.data == "wake":
                    try:
                        wake.recv(4096)
                    except BlockingIOError:
                        pass
                else:
                    self._read(key.data)
            if self.interrupts:
                self._stop()
                return
            if self.result.import_failed:
                return
            for number in [number for number, each in self.running.items() if each.status is not None and not each.open]:
                self._ended(self.running.pop(number), known)

    # ── tasks ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(self, addresses: List[Tuple[str, str]], known: bool) -> None:
        """Queues tasks; in a run that goes on, those whose records exist are followed at once."""
        queue = list(addresses)
        while queue:
            step, path = queue.pop(0)
            done = record.read(self.store, self.graph.name, self.work.run, step, path) if known else None
            if done is None:
                self.waiting.append((step, path, 0))
            else:
                if step == self.graph.start and not address.visit(path):
                    self._check_run()
                self.on_event("kept", (step, path, int(done.data.get("attempt", 0))), "")
                queue += self.frontier.done(step, path, done.next, done.splits)

    def _check_run(self) -> None:
        """The first task would have refused to go on with other code or parameters."""
        from . import parameters

        values = parameters.convert(self.graph.flow["parameters"], self.work.parameters)
        record.start_run(self.store, self.graph.name, self.work.run, {"parameters": values, "code": self.work.code})

    def _launch(self, task: Task) -> None:
        reading, writing = os.pipe()
        self.count += 1
        self.running[self.count] = _Running(task, reading)
        self.selector.register(reading, selectors.EVENT_READ, self.count)
        message = json.dumps({"id": self.count, "step": task[0], "path": task[1], "attempt": task[2]}).encode() + b"\n"
        try:
            sent = self.control.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writing]))])
            self.control.sendall(message[sent:])
        finally:
            os.close(writing)
        self.on_event("start", task, "")

    def _hear(self) -> None:
        data = self.control.recv(65536)
        if not data:
            raise ShimError("the process that runs the tasks has ended unexpectedly")
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "ready" in message:
                self.ready = True
            elif "failed" in message:
                self.result.import_failed = True
            elif "pid" in message:
                self.running[message["id"]].pid = message["pid"]
            else:
                one = self.running[message["id"]]
                one.status = message["status"]
                self._drain(message["id"])

    def _drain(self, number: int) -> None:
        """Takes what the ended task printed; a child of its own that lives on may keep the pipe open for ever."""
        one = self.running[number]
        if one.open:
            os.set_blocking(one.output, False)
            while one.open and self._read(number):
                pass
            if one.open:
                self._close(one)

    def _read(self, number: int) -> bool:
        one = self.running.get(number)
        if one is None or not one.open:
            return False
        try:
            data = os.read(one.output, 65536)
        except BlockingIOError:
            return False
        if not data:
            self._close(one)
            return False
        if one.size < LOG_KEPT:
            one.log.append(data)
            one.size += len(data)
        *lines, one.partial = (one.partial + data).split(b"\n")
        for line in lines:
            self.on_event("line", one.task, line.decode("utf-8", "replace"))
        return True

    def _close(self, one: _Running) -> None:
        if one.partial:
            self.on_event("line", one.task, one.partial.decode("utf-8", "replace"))
            one.partial = b""
        self.selector.unregister(one.output)
        os.close(one.output)
        one.open = False

    def _ended(self, one: _Running, known: bool) -> None:
        step, path, attempt = one.task
        flow, run = self.graph.name, self.work.run
        if one.log:
            self.store.put(address.task_name(flow, run, step, path, f"{attempt}.log"), b"".join(one.log))
        done = record.read(self.store, flow, run, step, path) if one.status == 0 else None
        if done is not None:
            self.on_event("done", one.task, "")
            self._add(self.frontier.done(step, path, done.next, done.splits), known)
            return
        why = _how_it_ended(one.status or 0, failure.read(self.store, flow, run, step, path, attempt))
        if attempt + 1 < self.graph.attempts(step) and os.waitstatus_to_exitcode(one.status or 0) not in (2, 3):
            self.on_event("retry", one.task, why)
            self.waiting.insert(0, (step, path, attempt + 1))
        else:
            self.on_event("failed", one.task, why)
            self.result.failed.append(one.task)

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _interrupt(self, _number: int, _frame: Any) -> None:
        self.interrupts += 1

    def _stop(self) -> None:
        """Ends what runs: politely, then not."""
        self.result.stopped = True
        self.on_event("stopped", None, "")
        import time

        self._signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while any(each.status is None for each in self.running.values()) and time.monotonic() < until and self.interrupts < 2:
            for key, _ in self.selector.select(0.1):
                if key.data is None:
                    self._hear()
                elif isinstance(key.data, int):
                    self._read(key.data)
        self._signal(signal.SIGKILL)
        for one in self.running.values():
            if one.log:
                self.store.put(address.task_name(self.graph.name, self.work.run, one.task[0], one.task[1], f"{one.task[2]}.log"), b"".join(one.log))

    def _signal(self, number: int) -> None:
        for one in self.running.values():
            if one.pid and (one.status is None or number == signal.SIGKILL):
                try:
                    os.killpg(one.pid, number)
                except OSError:
                    pass

    def _end(self, pid: int) -> None:
        self.control.close()
        try:
            os.waitpid(pid, 0)
        except (ChildProcessError, InterruptedError):
            pass
        for one in self.running.values():
            if one.open:
                self._close(one)
        self.selector.close()


def _how_it_ended(status: int, left: Dict[str, Any]) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"its process was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    if left:
        message = str(left["message"]).strip().split("\n")[0]
        return f"{left['type']}: {message}" if message else str(left["type"])
    return f"its process ended with exit code {code}"
