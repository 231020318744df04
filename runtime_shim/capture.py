"""Keeping a copy of what a task prints, also what its child processes and libraries print past Python, while it is passed on."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread

from .logs import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType


def by_line() -> None:
    """Has Python pass on each line of standard output when it ends, as on a terminal: who follows the log sees it, and a killed task loses none."""
    try:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # not a stream of Python's own
        pass


class Capture:
    """A context that sends file descriptors 1 and 2 through a pipe each; afterwards `data` is the log of what went through."""

    data = b""

    def __enter__(self) -> Capture:
        self._flush()
        self._originals = [os.dup(1), os.dup(2)]
        self._ends = []
        self._log = Writer()
        self._lock = allocate_lock()
        for descriptor, stream in ((1, "stdout"), (2, "stderr")):
            reading, writing = os.pipe()
            os.dup2(writing, descriptor)
            os.close(writing)
            end = allocate_lock()
            end.acquire()
            start_new_thread(self._pass_on, (reading, self._originals[descriptor - 1], stream, end))
            self._ends.append(end)
        by_line()
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        for descriptor in (1, 2):
            os.dup2(self._originals[descriptor - 1], descriptor)
        for end in self._ends:
            end.acquire(timeout=2)  # a child process that outlives the step may still hold the pipe
        with self._lock:
            self.data = self._log.data()

    def _pass_on(self, reading: int, original: int, stream: str, end: LockType) -> None:
        while True:
            data = os.read(reading, 65536)
            if not data:
                os.close(reading)
                os.close(original)
                end.release()
                return
            with self._lock:
                self._log.add(stream, data)
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
