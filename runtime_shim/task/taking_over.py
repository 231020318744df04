"""Takes over the record of a task from the run that this one resumes (docs/shim.md, Resumed runs).

`flowc resume --on` writes run.json before the run begins, with `resume`: the earlier run, the steps that must run
again, and whether every byte of what is taken over is read. Each task then decides for itself: the engine starts all of
them, and a task that was done ends at once.
"""

from __future__ import annotations

from ..contract import record
from ..contract.lineage import Lineage
from ..local.reuse import Resumed, taken_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Optional, Tuple

    from ..contract.graph import Graph
    from ..contract.record import Record
    from ..local.reuse import Found
    from ..store import Store
    from .attempt import Attempt


class ResumedOnEngine:
    """The policy of a resumed run on an engine (`local/reuse.py`).

    No scheduler knows which tasks have run again. The records do: those that were taken over have an origin.
    """

    def __init__(self, store: Store, graph: Graph, run: str, resume: Mapping[str, Any]) -> None:
        self.origin = str(resume["run"])
        self._policy = Resumed(
            store, graph, self.origin, frozenset(resume.get("rerun") or ()), bool(resume.get("verify"))
        )
        self._lineage = _Remembering(store, graph, run)

    @property
    def damage(self) -> str:
        return self._policy.damage

    def find(self, step: str, path: str, fresh: bool) -> Optional[Found]:
        found = self._policy.find(step, path, fresh)
        if found is None or any(done.data.get("origin") != self.origin for done in self._lineage.inputs(step, path)):
            return None
        return found

    def keep(self, step: str, path: str) -> None:
        pass


class _Remembering(Lineage):
    """Reads the record before a foreach once for many items."""

    SIZE = 16

    def __init__(self, store: Store, graph: Graph, run: str) -> None:
        super().__init__(store, graph, run)
        self._read: Dict[Tuple[str, str], Record] = {}

    def read(self, step: str, path: str) -> Optional[Record]:
        done = self._read.get((step, path)) or record.read(self.store, self.graph.name, self.run, step, path)
        if done is not None:
            while len(self._read) >= self.SIZE:
                del self._read[next(iter(self._read))]
            self._read[step, path] = done
        return done


def of_origin(task: Attempt, resume: Mapping[str, Any]) -> Optional[Record]:
    """Returns the task's record, taken over from the earlier run; None if the task must run."""
    if task.start.request or task.start.first:  # somebody wants it to run
        return None
    policy = ResumedOnEngine(task.store, task.graph, task.run, resume)
    found = policy.find(task.step, task.path, False)
    if found is None:
        if policy.damage:
            task.report = f"this task runs again: {policy.damage}"
        return None
    return taken_over(task.store, task.graph.name, task.run, *found)
