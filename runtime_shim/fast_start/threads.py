"""Runs the same work on many numbers in threads, without `threading`, whose import costs more than most tasks' work.

The plain version is `concurrent.futures.ThreadPoolExecutor.map`. Deleting this file costs 4 ms a task and more: the
processor time of `import threading` alone, where Python itself starts in 9 ms.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType
    from typing import Callable, List


def cores() -> int:
    """Returns the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def for_each(count: int, work: Callable[[int], None], workers: int) -> None:
    """Calls `work(0)` … `work(count - 1)`, up to `workers` at once, with this thread as one of them.

    Raises the first exception, once all have stopped.
    """
    lock = allocate_lock()
    state = [0]  # the next number
    errors: List[BaseException] = []
    ends = []

    def take() -> None:
        while not errors:
            with lock:
                number = state[0]
                state[0] += 1
            if number >= count:
                return
            try:
                work(number)
            except BaseException as error:
                errors.append(error)

    def helper(end: object) -> None:
        try:
            take()
        finally:
            end.release()  # type: ignore[attr-defined]

    for _ in range(min(workers, count) - 1):
        end = allocate_lock()
        end.acquire()
        try:
            start_new_thread(helper, (end,))
        except RuntimeError:  # no more threads are available; fewer will do
            break
        ends.append(end)
    try:
        take()
    except BaseException as error:  # raised by a signal handler, between two numbers
        errors.append(error)
    for end in ends:
        while True:
            try:
                end.acquire()
                break
            # raised by a signal handler: buffers must not be freed while a thread still reads them
            except BaseException as error:
                errors.append(error)
    if errors:
        raise errors[0]


class Permits:
    """A context manager that up to `count` threads enter at once; the others wait."""

    def __init__(self, count: int) -> None:
        self._lock = allocate_lock()
        self._count = self._free = count
        self._waiting: List[LockType] = []
        self.most = 0  # most threads that were in at once, so far

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                self.most = max(self.most, self._count - self._free)
                return
            turn = allocate_lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.pop(0).release()
            else:
                self._free += 1
