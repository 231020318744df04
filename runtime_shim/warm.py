"""The warm process of a local run: it has imported the flow and holds no data, and forks once for each task.

The supervisor (`local.py`) speaks to it over a socket in lines of JSON: `{"id": 7, "step": …, "path": …, "attempt": …}` with one file
descriptor, where the task's output goes. It answers `{"id": 7, "pid": …}` and, when the task's process has ended, `{"id": 7, "status": …}`
with what `wait` gave. A child is a process group of its own. When the supervisor is gone, the children are killed and the process ends.
"""

from __future__ import annotations

import array
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any, Dict, List, Optional, Tuple

from . import failure
from .errors import ShimError
from .graph import Graph
from .store import open_store
from .task import Attempt, run_task
from .user_code import import_flow

IMPORT_FAILED = {"failed": "import"}


class Work:
    """What every task of the run has in common."""

    def __init__(
        self, graph: Dict[str, Any], folder: str, store: str, run: str, code: str, parameters: Dict[str, Any], extra: Dict[str, Any]
    ) -> None:
        self.graph, self.folder, self.store, self.run, self.code, self.parameters, self.extra = graph, folder, store, run, code, parameters, extra


def start(work: Work) -> Tuple[int, socket.socket]:
    """Forks the warm process; returns its pid, and the socket to speak to it. To be called while the process has one thread."""
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    code = 1
    try:
        ours.close()
        os.setpgid(0, 0)
        code = _Warm(work, theirs).serve()
    finally:
        os._exit(code)


class _Warm:
    def __init__(self, work: Work, control: socket.socket) -> None:
        self.work, self.control = work, control
        self.graph = Graph(work.graph)
        self.children: Dict[int, int] = {}  # pid → id
        self.flow_class: Optional[type] = None

    def serve(self) -> int:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        wake, woken = os.pipe()
        for end in (wake, woken):
            os.set_blocking(end, False)
        self.wake = (wake, woken)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            self.flow_class = import_flow(self.work.folder, self.graph.flow["file"], self.graph.name)
        except BaseException as error:
            if isinstance(error, ShimError):
                print(f"flowc: {error}", file=sys.stderr, flush=True)
            else:
                failure.print_traceback(error)
            self._send(IMPORT_FAILED)
            return 1
        self._send({"ready": True})
        selector = selectors.DefaultSelector()
        selector.register(self.control, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        pending = b""
        descriptors: List[int] = []
        while True:
            for key, _ in selector.select():
                if key.fileobj is self.control:
                    data, received = _receive(self.control)
                    if not data:
                        self._kill()
                        return 0
                    descriptors += received
                    *lines, pending = (pending + data).split(b"\n")
                    for line in lines:
                        self._fork(json.loads(line), descriptors.pop(0))
                else:
                    try:
                        os.read(wake, 4096)
                    except BlockingIOError:
                        pass
            self._reap()

    def _fork(self, request: Dict[str, Any], output: int) -> None:
        pid = os.fork()
        if pid:
            os.close(output)
            self.children[pid] = request["id"]
            self._send({"id": request["id"], "pid": pid})
            return
        code = 1
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            for end in self.wake:
                os.close(end)
            self.control.close()
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            _reseed()
            code = self._run(request)
        except BaseException as error:
            failure.print_traceback(error)
        finally:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (OSError, ValueError):
                    pass
            os._exit(code)

    def _run(self, request: Dict[str, Any]) -> int:
        work = self.work
        flow_class = self.flow_class
        assert flow_class is not None
        try:
            task = Attempt(
                open_store(work.store), self.graph, work.run, request["step"], request["path"], request["attempt"], work.code, "local",
                work.parameters, lambda: flow_class, work.extra,
            )  # fmt: skip
            return 0 if run_task(task) is not None else 1
        except ShimError as error:
            print(f"flowc: {error}", file=sys.stderr, flush=True)
            return 3

    def _reap(self) -> None:
        for pid in list(self.children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._send({"id": self.children.pop(pid), "status": status})

    def _kill(self) -> None:
        for pid in self.children:
            try:
                os.killpg(pid, signal.SIGKILL)
            except OSError:
                pass

    def _send(self, message: Dict[str, Any]) -> None:
        try:
            self.control.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass


def _receive(control: socket.socket) -> Tuple[bytes, List[int]]:
    """Bytes, and the file descriptors that came with them (`socket.recv_fds` loses bytes on a short buffer of them)."""
    size = array.array("i").itemsize
    data, ancillary, _, _ = control.recvmsg(65536, socket.CMSG_SPACE(64 * size))
    found = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % size])
    return data, list(found)


def _reseed() -> None:
    """Forks share what they inherited: without this, every task would draw the same random numbers. Python's own reseeds itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
