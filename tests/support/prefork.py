"""`python -m flowc`, forked from a process that has imported it: the imports are a third to nine tenths of what most commands do.

What a user starts begins with an empty interpreter. So does a call that changes a variable that Python reads at its start, and what tests start by
themselves: those of start-up, of terminals, of the installed program.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

from flowc.runtime_shim.local.warm_process import leave

from .environment import environment

AT_START = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "MALLOC_")  # beginnings of the names of variables that are read once
# each with all below it; in a checkout they are folders of their own
PACKAGES = ("flowc", "flowc.compiler", "flowc.targets", "flowc.runtime_shim")


class Prefork:
    """The process that forks, started with the first call, in this environment but for `changed`. May be used by several threads."""

    def __init__(self, **changed: str) -> None:
        self.changed = changed
        self.lock = threading.Lock()
        self.control: socket.socket | None = None

    def start(self) -> None:
        env = {**environment(), **self.changed}
        self.began_with = _read_at_start(env)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # it ends when `ours` is closed, however this process ends; in a group of its own, since whoever interrupts the tests does not mean it
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.prefork", str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=Path(__file__).parent.parent.parent,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=env, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self.control = ours

    def fits(self, env: dict[str, str]) -> bool:
        """Returns True if Python would start the same way with this environment. Only on Linux are processes forked."""
        if sys.platform != "linux":
            return False
        with self.lock:
            if self.control is None:
                self.start()
        return _read_at_start(env) == self.began_with

    def run(
        self, arguments: Sequence[str], cwd: str, env: dict[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Like `subprocess.run` of `python -m flowc` with these arguments, its output captured. Raises TimeoutExpired."""
        assert self.control is not None
        with (
            tempfile.TemporaryFile() as request,
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
        ):
            request.write(json.dumps({"arguments": arguments, "cwd": cwd, "env": env}).encode())
            request.flush()
            told, telling = os.pipe()
            with self.lock:
                socket.send_fds(self.control, [b"x"], [request.fileno(), output.fileno(), errors.fileno(), telling])
            os.close(telling)
            with open(told, "rb", buffering=0) as answer:
                pid = int(answer.readline())
                if not select.select([answer], [], [], seconds)[0]:
                    os.kill(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(list(arguments), seconds)
                code = int(answer.readline())
            return subprocess.CompletedProcess(list(arguments), code, _text(output), _text(errors))


def _read_at_start(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(AT_START)}


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return io.TextIOWrapper(io.BytesIO(file.read()), "utf-8").read()


# ── the process that forks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def serve(control: socket.socket) -> NoReturn:
    """Forks for each request: a file that describes it, two descriptors for output, one for pid and exit code."""
    for name in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    gc.freeze()  # what a fork does not look through stays shared
    running: dict[int, int] = {}

    def reap(*_: object) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                _tell(running[ended[0]], os.waitstatus_to_exitcode(ended[1]))
                os.close(running.pop(ended[0]))

    signal.signal(signal.SIGCHLD, reap)
    while (received := socket.recv_fds(control, 1, 4))[0]:
        request, output, errors, telling = received[1]
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # until it is known whom to tell
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            os.dup2(output, 1)
            os.dup2(errors, 2)
            for descriptor in (output, errors, telling, control.detach(), *running.values()):
                os.close(descriptor)
            _call(request)
        running[pid] = telling
        _tell(telling, pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        for descriptor in (request, output, errors):
            os.close(descriptor)
    os._exit(0)


def _tell(descriptor: int, number: int) -> None:
    with suppress(BrokenPipeError):  # who asked is gone
        os.write(descriptor, b"%d\n" % number)


def _call(request: int) -> NoReturn:
    """Does what `python -m flowc` does."""
    code = 1
    try:
        with open(request, "rb") as file:
            file.seek(0)
            asked = json.load(file)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        sys.argv[1:], sys.path[0] = asked["arguments"], asked["cwd"]
        runpy.run_module("flowc", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        leave(code)
    raise AssertionError


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
