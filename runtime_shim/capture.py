"""Keeping a copy of what a task prints, also what its child processes and libraries print past Python, while it is passed on."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType

KEPT = 16 << 20  # bytes of output that are kept; the rest is only passed on
CUT = b"\n... output beyond 16 MiB was not kept ...\n"


class Capture:
    """A context that sends file descriptors 1 and 2 through a pipe; afterwards `data` is what went through."""

    data = b""

    def __enter__(self) -> Capture:
        self._flush()
        self._originals = [os.dup(1), os.dup(2)]
        self._ends = []
        self._parts: list = []  # type: ignore[type-arg]
        self._size = 0
        self._lock = allocate_lock()
        for descriptor in (1, 2):
            reading, writing = os.pipe()
            os.dup2(writing, descriptor)
            os.close(writing)
            end = allocate_lock()
            end.acquire()
            start_new_thread(self._pass_on, (reading, self._originals[descriptor - 1], end))
            self._ends.append(end)
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        for descriptor in (1, 2):
            os.dup2(self._originals[descriptor - 1], descriptor)
        for end in self._ends:
            end.acquire(timeout=2)  # a child process that outlives the step may still hold the pipe
        self.data = b"".join(self._parts)

    def _pass_on(self, reading: int, original: int, end: LockType) -> None:
        while True:
            data = os.read(reading, 65536)
            if not data:
                os.close(reading)
                os.close(original)
                end.release()
                return
            with self._lock:
                if self._size < KEPT:
                    self._parts.append(data)
                    self._size += len(data)
                    if self._size >= KEPT:
                        self._parts.append(CUT)
            try:
                while data:
                    data = data[os.write(original, data) :]
            except OSError:  # nobody reads: what the task does matters more
                pass

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                pass
