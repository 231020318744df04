"""Finds a task's inputs from the graph and the task's own address.

No engine passes them (docs/design.md, A task's address).
"""

from __future__ import annotations

from ..store import Store
from . import address, record
from .errors import ShimError
from .graph import Graph
from .record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional


WINDOW = 64  # records of a join that are fetched at a time, while as many are read


class Lineage:
    """Reads the records of one run that a task needs."""

    def __init__(self, store: Store, graph: Graph, run: str) -> None:
        self.store, self.graph, self.run = store, graph, run

    def read(self, step: str, path: str) -> Optional[Record]:
        return record.read(self.store, self.graph.name, self.run, step, path)

    def inputs(self, step: str, path: str) -> List[Record]:
        """Returns the records that the task continues: one, or for a join one for each branch; none for the first step.

        Raises ShimError if one is missing, which means that the engine started the task too early.
        """
        graph = self.graph
        if address.visit(path):
            visit = address.visit(path)
            before = address.leave(path) + (f"~{visit - 1}" if visit > 1 else "")
            return [self._required(step, before)]
        if graph.step(step)["is_join"] and step in graph.closes:
            return self._join(step, path)
        if step == graph.start:
            return []
        return [self._parent(step, path)]

    def _required(self, step: str, path: str) -> Record:
        done = self.read(step, path)
        if done is None:
            raise ShimError(
                f"task {step} at {path} of run {self.run!r} has not succeeded, but this task needs its record"
            )
        return done

    def _parent(self, step: str, path: str) -> Record:
        done = self._choose(self.graph.parents(step), step, path)
        if done is None:
            raise ShimError(f"no task of run {self.run!r} leads to step {step} at {path}: was it started too early?")
        return done

    def _choose(self, candidates: List[str], step: str, path: str) -> Optional[Record]:
        """Returns the record of the candidate that leads to the step."""
        if len(candidates) > 1:
            self.store.fetch_ahead(
                [address.record_name(self.graph.name, self.run, name, self._before(name, path)) for name in candidates]
            )
        for name in candidates:
            before = self._before(name, path)
            done = self._last_visit(name, before) if self.graph.is_loop(name) else self.read(name, before)
            if done is not None and done.leads_to(step):
                return done
        return None

    def _before(self, parent: str, path: str) -> str:
        """Returns the path of the task of step `parent` that the task at `path` continues."""
        return address.parent(path) if self.graph.kind(parent) in ("foreach", "parallel") else path

    def _last_visit(self, step: str, path: str) -> Optional[Record]:
        """Returns the record of the loop's last visit."""
        first = self.read(step, path)
        if first is None or not first.leads_to(step):
            return first
        prefix = address.record_name(self.graph.name, self.run, step, path)[: -len(".json")] + "~"
        visits = [name[len(prefix) : -len(".json")] for name in self.store.list(prefix) if name.endswith(".json")]
        last = max((int(visit) for visit in visits if visit.isdigit()), default=0)
        return self.read(step, f"{path}~{last}") if last else first

    def _ahead(self, step: str, path: str, splits: int) -> Iterator[str]:
        """Yields the paths of the items, and fetches the records of those to come."""
        for index in range(splits):
            if index % WINDOW == 0:
                names = [
                    address.record_name(self.graph.name, self.run, step, address.child(path, later))
                    for later in range(index + WINDOW if index else 0, min(splits, index + 2 * WINDOW))
                ]
                self.store.fetch_ahead(names)
            yield address.child(path, index)

    @staticmethod
    def _share(records: List[Optional[Record]]) -> None:
        """Lets records share what they inherited, so that memory holds it once."""
        entries: Dict[Any, Any] = {}
        for done in records:
            if done is not None:
                for name, entry in done.artifacts.items():
                    done.artifacts[name] = entries.setdefault(
                        (name, entry["digest"], entry.get("pack"), entry.get("at")), entry
                    )

    def _join(self, step: str, path: str) -> List[Record]:
        node = self.graph.closes[step]
        branches = self.graph.branch_ends(step)
        if node["kind"] == "branches":
            records = [self._choose(candidates, step, path) for candidates in branches]
        else:
            splits = self._required(node["step"], path).splits or 0
            records = [self._choose(branches[0], step, done) for done in self._ahead(branches[0][0], path, splits)]
            self._share(records)
        missing = [index for index, done in enumerate(records) if done is None]
        if missing:
            raise ShimError(
                f"join {step} at {path} of run {self.run!r} lacks {len(missing)} of its {len(records)} inputs: was it "
                "started too early?"
            )
        inputs = [done for done in records if done is not None]
        return sorted(inputs, key=lambda done: done.step) if node["kind"] == "branches" else inputs
