"""Where a task's inputs are: found from the graph and the task's own address, never told by an engine (DESIGN, A task's address)."""

from __future__ import annotations

from . import address, record
from .errors import ShimError
from .graph import Graph
from .record import Record
from .store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional


class Lineage:
    """The records of one run that a task needs."""

    def __init__(self, store: Store, graph: Graph, run: str) -> None:
        self.store, self.graph, self.run = store, graph, run

    def read(self, step: str, path: str) -> Optional[Record]:
        return record.read(self.store, self.graph.name, self.run, step, path)

    def inputs(self, step: str, path: str) -> List[Record]:
        """Returns the records that the task continues: one, or for a join one for each branch; none for the first step.

        Raises ShimError if one is missing: the engine started the task too early.
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
        found = self.read(step, path)
        if found is None:
            raise ShimError(f"task {step} at {path} of run {self.run!r} has not succeeded, but its record is needed")
        return found

    def _parent(self, step: str, path: str) -> Record:
        found = self._choose(self.graph.parents(step), step, path)
        if found is None:
            raise ShimError(f"no task of run {self.run!r} leads to step {step} at {path}: was it started too early?")
        return found

    def _choose(self, candidates: List[str], step: str, path: str) -> Optional[Record]:
        """The record, among those of the candidates, that names the step."""
        for name in candidates:
            before = address.parent(path) if self.graph.kind(name) in ("foreach", "parallel") else path
            found = self._last_visit(name, before) if self.graph.is_loop(name) else self.read(name, before)
            if found is not None and found.leads_to(step):
                return found
        return None

    def _last_visit(self, step: str, path: str) -> Optional[Record]:
        """The record of the loop's last visit."""
        first = self.read(step, path)
        if first is None or not first.leads_to(step):
            return first
        prefix = address.record_name(self.graph.name, self.run, step, path)[: -len(".json")] + "~"
        visits = [name[len(prefix) : -len(".json")] for name in self.store.list(prefix) if name.endswith(".json")]
        last = max((int(each) for each in visits if each.isdigit()), default=0)
        return self.read(step, f"{path}~{last}") if last else first

    def _join(self, step: str, path: str) -> List[Record]:
        node = self.graph.closes[step]
        branches = self.graph.branch_ends(step)
        if node["kind"] == "branches":
            found = [self._choose(candidates, step, path) for candidates in branches]
        else:
            splits = self._required(node["step"], path).splits or 0
            found = [self._choose(branches[0], step, address.child(path, index)) for index in range(splits)]
        missing = [index for index, each in enumerate(found) if each is None]
        if missing:
            raise ShimError(f"join {step} at {path} of run {self.run!r} lacks {len(missing)} of its {len(found)} inputs: was it started too early?")
        inputs = [each for each in found if each is not None]
        return sorted(inputs, key=lambda each: each.step) if node["kind"] == "branches" else inputs
