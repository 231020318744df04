"""Tasks that wait to be started: in order, and those that wait for a time."""

from __future__ import annotations

import time
from collections import deque
from heapq import heappop, heappush
from typing import Deque, Iterable, List, Optional, Tuple

from .running import Task


class Backlog:
    """The queue of a supervisor."""

    def __init__(self) -> None:
        self._waiting: Deque[Task] = deque()
        self._later: List[Tuple[float, Task]] = []  # a heap, by the monotonic clock

    def __bool__(self) -> bool:
        return bool(self._waiting or self._later)

    def add(self, task: Task) -> None:
        self._waiting.append(task)

    def add_first(self, tasks: Iterable[Task]) -> None:
        """Adds the tasks, in this order, before all others: they have waited before."""
        self._waiting.extendleft(reversed(list(tasks)))

    def add_later(self, task: Task, pause: float) -> None:
        """Adds the task before all others, `pause` seconds from now."""
        heappush(self._later, (time.monotonic() + pause, task))

    def next(self) -> Optional[Task]:
        """Returns the task that may start next; None if there is none now."""
        while self._later and self._later[0][0] <= time.monotonic():
            self._waiting.appendleft(heappop(self._later)[1])
        return self._waiting[0] if self._waiting else None

    def take(self) -> Task:
        """Removes the task that `next` returned."""
        return self._waiting.popleft()

    def take_all(self, tasks: Iterable[Task]) -> None:
        """Removes these tasks, as far as they wait."""
        taken = set(tasks)
        self._waiting = deque(task for task in self._waiting if task not in taken)

    def waiting(self) -> List[Task]:
        """Returns the tasks that could start now, in order."""
        return list(self._waiting)

    @property
    def patience(self) -> Optional[float]:
        """The seconds until another task may start; None if none waits for a time."""
        return self._later[0][0] - time.monotonic() if self._later else None
