"""Tasks that need not run: their records are taken over from a run that did the same work.

Two policies with the same two methods:

    find(step, path, fresh) -> Optional[Found]    the record to take over and its run; `fresh`: something before the task was run anew
    keep(step, path) -> None                      the task has succeeded in this run: later runs may take it over

`Resumed` takes what one earlier run has done, whatever the code is now; `Cached` takes from any run what had the same code, inputs and
environment, as a build system does.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, FrozenSet, Mapping, Optional, Tuple, Union

from . import address, environment, record
from .graph import Graph
from .lineage import Lineage
from .record import Record
from .store import Store

Policy = Union["Resumed", "Cached"]
Found = Tuple[Record, str]

KEY_VERSION = 1


class Resumed:
    """What run `origin` has done, less the steps in `rerun` and all that follows a task that was run anew."""

    def __init__(self, store: Store, graph: Graph, origin: str, rerun: FrozenSet[str]) -> None:
        self.store, self.graph, self.origin, self.rerun = store, graph, origin, rerun

    def find(self, step: str, path: str, fresh: bool) -> Optional[Found]:
        if fresh or step in self.rerun:
            return None
        done = record.read(self.store, self.graph.name, self.origin, step, path)
        return (done, self.origin) if done is not None and _fits(self.graph, done) else None

    def keep(self, step: str, path: str) -> None:
        pass


class Cached:
    """What any run of the flow has done with the same code, inputs and environment. `fingerprints`: step → digest of its code."""

    def __init__(self, store: Store, graph: Graph, run: str, fingerprints: Mapping[str, str], parameters: Mapping[str, Any]) -> None:
        self.store, self.graph, self.run, self.fingerprints = store, graph, run, fingerprints
        self.parameters = dict(parameters)  # as run.json has them
        self.environment = environment.digest_of(environment.here())
        self.lineage = Lineage(store, graph, run)

    def find(self, step: str, path: str, fresh: bool) -> Optional[Found]:
        if not self._may_be_shared(step):
            return None
        name = address.cache_name(self.graph.name, self._key(step, path))
        data = self.store.get(name)
        if data is None:
            return None
        place = record.loads(data, name)
        done = record.read(self.store, self.graph.name, place["run"], place["step"], place["path"])  # None when that run has been collected
        return (done, place["run"]) if done is not None and _fits(self.graph, done) else None

    def keep(self, step: str, path: str) -> None:
        if self._may_be_shared(step):
            name = address.cache_name(self.graph.name, self._key(step, path))
            self.store.put(name, record.dumps({"version": record.VERSION, "run": self.run, "step": step, "path": path}))

    def _may_be_shared(self, step: str) -> bool:
        """A failure that `@catch` made a success of may be over by now: such steps are always run."""
        return step in self.fingerprints and self.graph.decorator(step, "catch") is None

    def _key(self, step: str, path: str) -> str:
        inputs = self.lineage.inputs(step, path)
        seen = [[each.step, each.splits, each.stack, sorted(each.artifacts.items())] for each in inputs]
        what = [KEY_VERSION, self.fingerprints[step], self.environment, path, seen, None if inputs else sorted(self.parameters.items())]
        return hashlib.sha256(json.dumps(what, sort_keys=True, default=repr).encode("utf-8", "surrogatepass")).hexdigest()


def taken_over(store: Store, flow: str, run: str, done: Record, origin: str) -> Record:
    """Writes the record as one of run `run`, saying where it comes from; returns the one that is there then."""
    return record.write(store, flow, run, {**done.data, "origin": origin})


def _fits(graph: Graph, done: Record) -> bool:
    """True if the record leads where the graph, which may have changed since, can go on."""
    if done.step not in graph.steps or not set(done.next) <= set(graph.targets(done.step)):
        return False
    return (done.splits is not None) == (graph.kind(done.step) in ("foreach", "parallel")) and (bool(done.next) or graph.kind(done.step) == "end")
