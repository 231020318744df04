"""The warm process of a local run: it has imported the flow, holds no data, and forks once for each task.

The supervisor (`supervisor.py`) sends it lines of JSON over a socket: `{"id": 7, "step": …, "path": …, "attempt": …}`
with two file descriptors, for output and errors. It answers `{"id": 7, "pid": …}`, and when the task's process has
ended, `{"id": 7, "status": …, "peak": …}` with the result of `wait` and the peak memory in bytes. Each child has its
own process group. When the supervisor is gone, this process kills its children and ends.

Where forking is unsafe (`forking.py`) or not wanted, a child is a new process that imports the flow itself
(`fresh_process.py`).
"""

from __future__ import annotations

import array
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..contract.errors import ShimError
from ..contract.graph import Graph
from ..store import open_store
from ..task import failure
from ..task.attempt import Attempt
from ..task.capture import by_line
from ..task.run_task import run_task
from ..user_code import flow_module
from . import forking
from .fresh_command import fresh_command as own_command
from .work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .items_ahead import Loaded

IMPORT_FAILED = {"failed": "import"}


ISOLATIONS = ("auto", "fork", "process")


def start(work: Work, isolation: str = "auto") -> Tuple[int, socket.socket]:
    """Forks the warm process. Returns its pid, and the socket to speak to it. The process must have one thread.

    `isolation` is one of ISOLATIONS: `auto` forks for each task unless that is unsafe.
    """
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
        if work.inside is None:
            os.environ.pop("FLOWC_PACKAGES", None)  # of the task that has started this run, if one has
        code = serve(work, theirs, isolation)
    finally:
        os._exit(code)


def serve(work: Work, control: socket.socket, isolation: str, fresh_command: Optional[List[str]] = None) -> int:
    """Runs what the supervisor asks for until it is gone; returns the exit code.

    `fresh_command` starts the process of one task (`fresh_process.py`).
    """
    return _Warm(work, control, isolation, fresh_command or own_command()).serve()


class _Warm:
    def __init__(self, work: Work, control: socket.socket, isolation: str, fresh_command: List[str]) -> None:
        self.work, self.control, self.fresh_command = work, control, fresh_command
        self.fresh = isolation == "process" or (isolation == "auto" and sys.platform == "darwin")
        self.isolation = isolation
        self.graph = Graph(work.graph)
        self.children: Dict[int, int] = {}  # pid → id
        self.flow_class: Optional[type] = None
        self.before_task: Callable[[], None] = lambda: None  # called in each fork
        self.items: Optional[Loaded] = None

    def serve(self) -> int:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        wake, woken = os.pipe()
        for end in (wake, woken):
            os.set_blocking(end, False)
        self.wake = (wake, woken)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        why = ""
        if not self.fresh:
            try:
                if self.work.inside is None:
                    self.flow_class = load_flow(self.work)
                else:
                    from .import_output import ImportOutput

                    with ImportOutput(self.work.inside["kept"]) as output:
                        self.flow_class = load_flow(self.work)
                    self.before_task = output.repeat
            except BaseException as error:
                if self.work.inside is None:
                    if isinstance(error, ShimError):
                        print(f"flowc: {error}", file=sys.stderr, flush=True)
                    else:
                        failure.print_traceback(error)
                    self._send(IMPORT_FAILED)
                    return 1
                why = "the flow's module cannot be imported"  # each attempt tries it, and fails as a task
        if not self.fresh and not why:
            _import_for_tasks(self.work.store)
            if any(
                decorator["name"] == "card" for step in self.graph.steps.values() for decorator in step["decorators"]
            ):
                _import_for_cards()
            why = forking.unsafe() if self.isolation == "auto" else ""
            if self.work.inside is not None and not why:
                from . import inside

                inside.note_environment(self.work)
        self.fresh = self.fresh or bool(why)
        self._send({"ready": True, "why": why})
        selector = selectors.DefaultSelector()
        selector.register(self.control, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        pending = b""
        descriptors: List[int] = []
        while True:
            for key, _ in selector.select():
                if key.fileobj is self.control:
                    try:
                        data, received = _receive(self.control)
                    except ConnectionResetError:  # the supervisor was killed before it had read everything
                        data, received = b"", []
                    if not data:
                        self._kill()
                        return 0
                    descriptors += received
                    *lines, pending = (pending + data).split(b"\n")
                    for line in lines:
                        (self._spawn if self.fresh else self._fork)(
                            json.loads(line), descriptors.pop(0), descriptors.pop(0)
                        )
                else:
                    try:
                        os.read(wake, 4096)
                    except BlockingIOError:
                        pass
            self._reap()

    def _spawn(self, request: Dict[str, Any], output: int, errors: int) -> None:
        import subprocess

        command = self.fresh_command
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=errors, start_new_session=True)
        os.close(output)
        os.close(errors)
        child.returncode = 0  # `_reap` waits for it: the module must not wait too
        self.children[child.pid] = request["id"]
        self._send({"id": request["id"], "pid": child.pid})
        assert child.stdin is not None
        try:
            with child.stdin:
                child.stdin.write(json.dumps({"work": self.work.__dict__, "request": request}).encode())
        except OSError:
            pass  # it has ended already, as its status will show

    def _load_items(self, entry: Dict[str, Any]) -> None:
        """Loads what the tasks of a wide foreach take their items from, so that each fork has it."""
        from .items_ahead import Loaded

        self.items = self.items or Loaded()
        if self.items.has_seen(entry):
            return
        if self.work.inside is None:
            store = open_store(self.work.store)
        else:
            from . import inside

            store = inside.open_store(self.work)
        self.items.load(store, self.graph.name, entry)
        store.close()  # a fork must not use the same connection

    def _fork(self, request: Dict[str, Any], output: int, errors: int) -> None:
        if "items" in request:
            self._load_items(request["items"])
        elif self.items is not None and not self.children:
            self.items.forget()
        credentials = sys.modules.get("flowc.runtime_shim.store.credentials")
        if credentials is not None:
            credentials.renew()
        pid = os.fork()
        if pid:
            _lead(pid)
            os.close(output)
            os.close(errors)
            self.children[pid] = request["id"]
            self._send({"id": request["id"], "pid": pid})
            return
        code = 1
        try:
            _lead(0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            for end in self.wake:
                os.close(end)
            self.control.close()
            os.dup2(output, 1)
            os.dup2(errors, 2)
            os.close(output)
            os.close(errors)
            by_line()
            self.before_task()
            _reseed()
            code = run_request(self.work, request, lambda: self.flow_class, self.graph)
        except BaseException as error:
            failure.print_traceback(error)
        finally:
            leave(code)

    def _reap(self) -> None:
        for pid in list(self.children):
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
                self._send({"id": self.children.pop(pid), "status": status, "peak": peak})

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


def _lead(pid: int) -> None:
    """Puts the process into its own group.

    Parent and child both do this, so that the group exists when either is asked to end it.
    """
    try:
        os.setpgid(pid, pid)
    except OSError:  # it has ended already
        pass


def _import_for_tasks(store: str) -> None:
    """Imports modules that tasks import on demand, so that every fork has them."""
    import _pickle
    import atexit
    import binascii
    import threading

    from ..artifacts import content, prefetch
    from ..contract import parameters
    from ..task import environment, timeout, transitions
    from ..user_code import foreach_items, inputs
    from . import gc_handshake as collecting

    content.of(None)
    open_store(store)  # its module
    del (
        _pickle,
        atexit,
        binascii,
        environment,
        foreach_items,
        threading,
        collecting,
        inputs,
        parameters,
        prefetch,
        timeout,
        transitions,
    )


def _import_for_cards() -> None:
    """Imports modules that the cards of tasks need; those of Python's library take most of a small card's time."""
    import inspect
    import pprint
    import reprlib

    from ..cards import default_page, of_task, types

    del inspect, pprint, reprlib, default_page, of_task, types


def load_flow(work: Work) -> Any:
    """Imports the flow's class. Exceptions of the user's module propagate unchanged."""
    if work.inside is not None:
        from . import inside

        return inside.load_flow(work)
    return flow_module.load_flow(work.folder, work.graph["flow"])


def run_request(work: Work, request: Dict[str, Any], load: Callable[[], Any], graph: Optional[Graph] = None) -> int:
    """Runs the task that a request of the supervisor names, in this process. Returns its exit code (docs/shim.md)."""
    # as in a container, since the client reads it
    os.environ["FLOWC_STORE"] = work.store if "://" in work.store else os.path.abspath(work.store)
    try:
        if "hook" in request:
            from ..user_code.exit_hooks import call_all

            call_all(load(), work.graph["flow"]["name"], work.run, request["hook"])
            return 0
        if work.inside is not None:
            from . import inside

            return inside.run(work, request, load, graph or Graph(work.graph))
        task = Attempt(
            open_store(work.store), graph or Graph(work.graph), work.run, request["step"], request["path"],
            request["attempt"], work.code, "local",
            work.parameters, load, work.extra, request.get("gang", ""), work.environment,
        )  # fmt: skip
        return 0 if run_task(task) is not None else task.exit_code
    except ShimError as error:
        print(f"flowc: {error}", file=sys.stderr, flush=True)
        return 3


def leave(code: int) -> None:
    """Ends the process as Python does: joins threads and runs atexit handlers, but skips interpreter teardown."""
    import atexit
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException:  # a failure this late does not affect the task: its record is written
        pass
    finally:
        os._exit(code)


def _receive(control: socket.socket) -> Tuple[bytes, List[int]]:
    """Returns bytes, and the file descriptors that came with them.

    (`socket.recv_fds` loses bytes if the buffer for descriptors is short.)
    """
    size = array.array("i").itemsize
    data, ancillary, _, _ = control.recvmsg(65536, socket.CMSG_SPACE(64 * size))
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % size])
    return data, list(descriptors)


def _reseed() -> None:
    """Reseeds NumPy's generator, since forks would all draw the same random numbers. Python's own reseeds itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
