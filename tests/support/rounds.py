"""Rounds of requests: a server that answers only when its client has nothing left to do without an answer, however long that takes.

So requests of one round are those that no answer was needed for, and what stands in line is seen by its order, on a machine of any speed.
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
    """A gate that handlers of requests pass by `wait`, all that have come to it at once, while `serve` runs."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._changed = threading.Condition()
        self._round = self._waiting = 0

    def wait(self) -> int:
        """Returns the number of the round, when the client is waiting for nothing but answers."""
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
        """How often each thread of client and server has gone to sleep, if all do sleep and no request is unread; else None."""
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
    """Of each of the port's sockets, whether it holds what nobody has read: bytes, or connections that nobody has accepted."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, _, queues, *_ = line.split()
        if int(local.rpartition(":")[2], 16) == port:
            yield int(queues.rpartition(":")[2], 16) > 0
