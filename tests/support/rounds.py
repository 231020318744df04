"""Rounds of requests: the server answers only once its client can do nothing more without an answer.

So the requests of one round need no answer of each other, and the order of rounds shows which requests wait for
which, on a machine of any speed.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PAUSE = 0.002  # seconds between two looks


class Rounds:
    """A gate for the handlers of requests. While `serve` runs, all that wait pass it together."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._changed = threading.Condition()
        self._round = self._waiting = 0

    def wait(self) -> int:
        """Waits until the client waits only for answers. Returns the number of the round."""
        with self._changed:
            mine = self._round
            self._waiting += 1
            self._changed.wait_for(lambda: self._round > mine)
            return mine

    def serve(self, process: subprocess.Popen[str]) -> None:
        """Lets rounds pass until the process, the first of its session, has ended."""
        before = None
        while process.poll() is None:
            now = self._standstill(process.pid)
            if now is not None and now == before and self._waiting:
                self._pass()
                now = None
            before = now
            time.sleep(PAUSE)
        self._pass()

    def _pass(self) -> None:
        with self._changed:
            self._round += 1
            self._waiting = 0
            self._changed.notify_all()

    def _standstill(self, session: int) -> tuple[int, ...] | None:
        """Returns how often each thread of client and server has gone to sleep.

        None if one is awake or a request is unread.
        """
        if any(_unread(self.port)):
            return None
        own = threading.get_native_id()
        waiting = []
        for task in _tasks(session):
            try:
                status = (task / "status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return None
            if int(task.name) == own:
                continue
            lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            if lines["State"].split()[0] not in ("S", "Z"):
                return None
            waiting += [
                int(task.name),
                int(lines.get("voluntary_ctxt_switches", 0)),
                int(lines.get("nonvoluntary_ctxt_switches", 0)),
            ]
        return (self._waiting, *waiting)


def _tasks(session: int) -> Iterator[Path]:
    """The threads of this process, and of all processes of the session."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            of = int((process / "stat").read_text().rpartition(")")[2].split()[3])
            if of == session or int(process.name) == os.getpid():
                yield from (process / "task").iterdir()
        except (FileNotFoundError, ProcessLookupError):
            continue


def _unread(port: int) -> Iterator[bool]:
    """Yields for each socket of the port True if it holds unread bytes or connections that have not been accepted."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, _, queues, *_ = line.split()
        if int(local.rpartition(":")[2], 16) == port:
            yield int(queues.rpartition(":")[2], 16) > 0
