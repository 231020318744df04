"""`Journal`: counts the attempts at the tasks of a container, also when the container is lost with them.

It is one object beside the container's records, `STEP/PATH.container.json` (docs/formats.md, Records). It names the
tasks that have no record: those that were running when it was written, and those whose last attempt has failed. A
container that is started for the first time writes it only when a task fails or takes long, so that most containers
write none. A later start writes it before each task that it starts: if a task ends its whole container (out of memory),
the next start must know which one it was.

An attempt that an engine stopped with its container (SIGTERM) counts. One that was lost with it counts if the task was
the only one that ran, or if its step allows one attempt. If several ran, any of them may have ended the container.
After the second loss, they run one at a time, so that the next loss tells which.
"""

from __future__ import annotations

from ..contract import address, record
from ..contract.errors import DamagedError
from ..contract.start import Start
from ..store import Store
from ..task.failure import write_silent_death

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Set, Tuple

    from ..contract.graph import Graph

    Address = Tuple[str, str]
    Task = Tuple[str, str, int]

SUFFIX = "container.json"


class Journal:
    """The attempts at the tasks of one container. `place` is (run, step, path), the path perhaps of a chunk."""

    def __init__(self, store: Store, graph: Graph, place: Tuple[str, str, str], start: Start) -> None:
        self.store, self.graph, self.start = store, graph, start
        self.run, self.step, self.path = place
        self.name = address.task_name(graph.name, *place, SUFFIX)
        self.eager = False  # writes before each task that starts
        self._next: Dict[Address, int] = {}  # the number of the next attempt, for tasks that have had one
        self._base: Dict[Address, int] = {}  # the number of the first attempt since somebody asked for the task
        self._failed: Dict[Address, int] = {}
        self._running: Dict[Address, int] = {}
        self._alone: Set[Address] = set()  # tasks that run with no other beside them
        self._written: Dict[Address, int] = {}  # the running tasks in the object, as it was last written

    def read(self) -> bool:
        """Reads what earlier starts of the container have left. Returns False if they left nothing."""
        data = self.store.get(self.name)
        if data is None:
            return False
        try:
            fields = record.loads(data, self.name)
        except DamagedError:  # torn by a power failure: attempts are counted from here on
            return True
        asked = self.start.asks_again(fields.get("start") or {}, int(fields.get("attempt") or 0))
        lost = [place for *place, state in fields["tasks"] if state == "running"]
        for step, path, attempt, base, state in fields["tasks"]:
            if state in ("running", "stopped"):
                write_silent_death(self.store, self.graph.name, self.run, (step, path, attempt))
            if state == "running":
                if len(lost) > 1 and self.graph.attempts(step) > 1:
                    base += 1  # it may have been any other: the attempt does not count
                if self.start.tries > 1:
                    self._alone.add((step, path))
            self._next[step, path] = attempt + 1
            self._base[step, path] = attempt + 1 if asked else base
            self._failed[step, path] = attempt
        return True

    def begins_anew(self, step: str, path: str, attempt: int) -> None:
        """Counts from 0 again for a task whose attempts so far end with number `attempt`."""
        following = max(attempt + 1, self._next.get((step, path), 0))
        self._next[step, path] = self._base[step, path] = following

    def number(self, step: str, path: str) -> int:
        """Returns the number of the task's next attempt, which names its log."""
        return self._next.get((step, path), 0)

    def tries(self, task: Task) -> int:
        """Returns how many attempts there were before this one, since somebody last asked for the task."""
        step, path, attempt = task
        return attempt - self._base.get((step, path), 0)

    def admits(self, task: Task) -> bool:
        """Returns False for a task that must not start beside those that run now."""
        return not self._running or not (self._alone and (task[:2] in self._alone or self._alone & set(self._running)))

    def starts(self, task: Task) -> None:
        """Notes that the attempt is about to start."""
        self._running[task[:2]] = task[2]
        if self.eager:
            self.write()

    def ended(self, task: Task, succeeded: bool) -> None:
        """Notes the end of an attempt."""
        place = task[:2]
        self._running.pop(place, None)
        if succeeded:
            self._failed.pop(place, None)
            return
        self._failed[place] = task[2]
        self._next[place] = task[2] + 1
        self.write()

    @property
    def is_behind(self) -> bool:
        """True if other tasks run than when the object was last written."""
        return bool(self._running) and self._running != self._written

    def write_if_behind(self) -> None:
        """Writes the object if other tasks run than when it was last written. Raises StoreError."""
        if self.is_behind:
            self.write()

    def stop(self) -> None:
        """Notes that the running attempts are stopped with the container: they count. Raises StoreError."""
        if self._running:
            self.write("stopped")

    def write(self, running: str = "running") -> None:
        """Writes the object. `running` is the state of running attempts. Raises StoreError."""
        states = {place: (attempt, "failed") for place, attempt in self._failed.items()}
        states.update({place: (attempt, running) for place, attempt in self._running.items()})
        tasks = [
            [*place, attempt, self._base.get(place, 0), state] for place, (attempt, state) in sorted(states.items())
        ]
        data: Dict[str, Any] = {
            "version": record.VERSION, "start": self.start.as_data(), "attempt": self.start.attempt, "tasks": tasks
        }  # fmt: skip
        self.store.put(self.name, record.dumps(data))
        self._written = dict(self._running)
