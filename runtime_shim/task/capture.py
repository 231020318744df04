"""Keeps a copy of a task's output while passing it on.

This includes output of child processes and libraries that bypass Python.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread
from time import monotonic

from ..contract.logs import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType
    from typing import Any, Callable, Optional

LOOK = 5.0  # minimum seconds between two times at which the log is published


def by_line() -> None:
    """Makes Python flush standard output after each line, as on a terminal.

    Followers of the log then see each line, and a killed task loses none.
    """
    try:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # not one of Python's own streams
        pass


class Capture:
    """A context manager that sends file descriptors 1 and 2 through pipes.

    Afterwards `data` is the log of the output.
    """

    data = b""

    def __init__(self, publish: Optional[Callable[[bytes], None]] = None) -> None:
        """`publish` gets the log so far, at most every LOOK seconds and only after new output.

        Its exceptions are ignored.
        """
        self._publish = publish
        self._looking: Any = None

    def __enter__(self) -> Capture:
        flush()
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
        if self._publish is not None:
            self._looking, self._looked = allocate_lock(), allocate_lock()
            self._looking.acquire()
            self._looked.acquire()
            start_new_thread(self._look, (self._publish,))
        return self

    def __exit__(self, *_: object) -> None:
        if self._looking is not None:
            self._looking.release()
            self._looked.acquire()  # nothing must be published after the complete log
        flush()
        for descriptor in (1, 2):
            os.dup2(self._originals[descriptor - 1], descriptor)
        for end in self._ends:
            end.acquire(timeout=2)  # a child process that outlives the step may still hold the pipe
        with self._lock:
            self.data = self._log.data()

    def _look(self, publish: Callable[[bytes], None]) -> None:
        """Publishes until the context ends, less often if that takes long."""
        pause, size = LOOK, 0
        try:
            while not self._looking.acquire(timeout=pause):
                with self._lock:
                    log = self._log.ended_lines()
                if len(log) > size:
                    began = monotonic()
                    publish(log)
                    pause, size = max(LOOK, 20 * (monotonic() - began)), len(log)
        except Exception:  # the datastore refuses it: the complete log is written at the end
            pass
        finally:
            self._looked.release()

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
            except OSError:  # nobody reads: the task itself matters more
                pass


def flush() -> None:
    """Flushes Python's standard streams, as far as they are still open."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
