"""Reads a datastore for the client. It lists by name, reads records in parallel, and reads immutable data once.

At most IN_FLIGHT requests run at a time, and each thread has its own connection. A folder is read by one thread.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, TypeVar

from flowc.runtime_shim.contract import address, record
from flowc.runtime_shim.contract.errors import DamagedError
from flowc.runtime_shim.contract.graph import Graph
from flowc.runtime_shim.contract.record import Record
from flowc.runtime_shim.store import Store, open_store

from . import parameters_step, settings

IN_FLIGHT = 16
AHEAD = 64  # most records that are read ahead

A = TypeVar("A")
B = TypeVar("B")


class TaskListing:
    """The facts about one task that a listing of object names tells."""

    def __init__(self) -> None:
        self.has_record = False
        self.attempts: List[int] = []  # those that left a log, a failure or a card
        self.logs: List[int] = []  # those that left a log
        self.failures: List[int] = []  # those that left a failure


class Datastore:
    """One datastore."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._idle: List[Store] = []  # connections that no thread uses now
        self._local = threading.local()
        self._runs: Dict[Tuple[str, str], Dict[str, Any]] = {}
        self._packages: Dict[Tuple[str, str], bytes] = {}
        self._graphs: Dict[Tuple[str, str], Graph] = {}

    @property
    def store(self) -> Store:
        """The store, with the calling thread's own connection."""
        store: Optional[Store] = getattr(self._local, "store", None)
        if store is None:
            store = self._local.store = open_store(self.url)
        return store

    def close(self) -> None:
        """Closes connections; they are opened again on demand."""
        for store in [*self._idle, self.store]:
            store.close()

    @property
    def is_remote(self) -> bool:
        return self.store.remote

    # ── flows and runs ──────────────────────────────────────────────────────────────────────────────────────────────

    def flows(self) -> List[str]:
        """Returns every flow of the datastore. Omits `runtime`, which flows share, unless a flow has that name."""
        flows = sorted(address.decoded(segment) for segment in self.store.folders(""))
        return [flow for flow in flows if flow != "runtime" or self.has_flow(flow)]

    def has_flow(self, flow: str) -> bool:
        return next(iter(self.store.folders(address.runs_name(flow))), None) is not None

    def runs(self, flow: str) -> List[str]:
        """Returns the flow's runs, newest first, then by name. Leaves out runs whose run.json is torn."""
        names = [address.decoded(segment) for segment in self.store.folders(address.runs_name(flow))]
        began = zip(names, self.each(names, lambda name: self._whole_run(flow, name)))
        started = [(one["started"], name) for name, one in began if one is not None]
        return [name for _, name in sorted(started, reverse=True)]

    def run(self, flow: str, run: str) -> Optional[Dict[str, Any]]:
        """Returns run.json, or None. It is written once, so it is read once."""
        data = self._runs.get((flow, run))
        if data is None:
            data = record.read_run(self.store, flow, run)
            if data is not None:
                self._runs[flow, run] = data
        return data

    def _whole_run(self, flow: str, run: str) -> Optional[Dict[str, Any]]:
        try:
            return self.run(flow, run)
        except DamagedError:
            return None

    def package(self, flow: str, digest: str) -> bytes:
        """Returns the tar of the code package, checked. Raises ShimError if it is missing or damaged."""
        if (flow, digest) not in self._packages:
            from flowc.runtime_shim.contract import code_package
            from flowc.runtime_shim.contract.errors import ShimError

            compressed = self.store.get(address.code_name(flow, digest))
            if compressed is None:
                raise ShimError(f"the code package {digest} of flow {flow} is not in the datastore {self.url}")
            self._packages[flow, digest] = code_package.expand(compressed, digest)
        return self._packages[flow, digest]

    def graph(self, flow: str, run: str) -> Graph:
        """Returns the graph that the run follows, from its code package. Raises ShimError."""
        begun = self.run(flow, run)
        if begun is None:
            from flowc.runtime_shim.contract.errors import ShimError

            raise ShimError(
                f"run {run!r} of flow {flow} has not begun: the datastore {self.url} has no run.json for it"
            )
        return self.graph_of(flow, str(begun.get("code", "")))

    def graph_of(self, flow: str, digest: str) -> Graph:
        """Returns the graph in a code package. Raises ShimError."""
        if (flow, digest) not in self._graphs:
            from flowc.runtime_shim.contract import code_package as package

            self._graphs[flow, digest] = package.graph_in(self.package(flow, digest), flow, digest)
        return self._graphs[flow, digest]

    # ── steps and tasks ─────────────────────────────────────────────────────────────────────────────────────────────

    def steps(self, flow: str, run: str) -> List[str]:
        """Returns the steps that have tasks in the run.

        Steps that are later in the graph come first, as the newest come first in Metaflow.
        """
        existing = {address.decoded(segment) for segment in self.store.folders(address.run_name(flow, run))}
        if len(existing) < 2:
            return list(existing)
        return [step for step in reversed(_order(self.graph(flow, run))) if step in existing]

    def has_step(self, flow: str, run: str, step: str) -> bool:
        if step == parameters_step.STEP:
            return self.run(flow, run) is not None
        return address.encoded(step) in self.store.folders(address.run_name(flow, run))

    def tasks(self, flow: str, run: str, step: str) -> Dict[str, TaskListing]:
        """Returns the listings by path of the step's tasks that succeeded, failed or printed something.

        The highest path comes first.
        """
        if step == parameters_step.STEP:
            whole = TaskListing()
            whole.has_record = True
            return {address.ROOT: whole} if self.run(flow, run) is not None else {}
        prefix = f"{address.run_name(flow, run)}{address.encoded(step)}/"
        listings = _seen(name[len(prefix) :] for name in self.store.list(prefix))
        return {path: listings[path] for path in sorted(listings, key=address.order, reverse=True)}

    def task(self, flow: str, run: str, step: str, path: str) -> Optional[TaskListing]:
        """Returns the listing of one task, or None if it has no objects. Makes one request."""
        prefix = f"{address.run_name(flow, run)}{address.encoded(step)}/{address.encoded(path)}."
        return _seen(f"{path}.{name[len(prefix) :]}" for name in self.store.list(prefix)).get(path)

    def record(self, flow: str, run: str, step: str, path: str) -> Optional[Record]:
        if step == parameters_step.STEP:
            return parameters_step.record_of(self, flow, run) if path == address.ROOT else None
        return record.read(self.store, flow, run, step, path)

    # ── many at a time ──────────────────────────────────────────────────────────────────────────────────────────────

    def each(self, items: Iterable[A], read: Callable[[A], B]) -> List[B]:
        """Returns `[read(item) for item in items]`. Reads a remote store in up to IN_FLIGHT threads."""
        items = list(items)
        if not self.is_remote or len(items) < 2:
            return [read(item) for item in items]
        from concurrent.futures import ThreadPoolExecutor

        def one(item: A) -> B:
            if not hasattr(self._local, "store"):
                try:
                    self._local.store = self._idle.pop()
                except IndexError:
                    self._local.store = open_store(self.url)
                used.append(self._local.store)
            return read(item)

        used: List[Store] = []
        try:
            with ThreadPoolExecutor(min(IN_FLIGHT, len(items))) as pool:
                return list(pool.map(one, items))
        finally:
            self._idle += used


class RecordsAhead:
    """Reads ahead the records of tasks that are likely to be visited in order. The window grows as a loop proceeds."""

    def __init__(self, datastore: Datastore, flow: str, run: str, step: str, paths: List[str]) -> None:
        self._datastore, self._flow, self._run, self._step, self._paths = datastore, flow, run, step, paths
        self._at = {path: position for position, path in enumerate(paths)}
        self._ready: Dict[str, Optional[Record]] = {}
        self._until = -1  # where the last window ended
        self._size = 1

    def record(self, path: str) -> Optional[Record]:
        if path in self._ready:
            return self._ready.pop(path)
        at = self._at[path]
        goes_on = at == self._until and self._datastore.is_remote
        self._size = min(self._size * 2, AHEAD) if goes_on else 1
        window = self._paths[at : at + self._size]
        self._until = at + len(window)
        self._ready = dict(
            zip(
                window,
                self._datastore.each(
                    window, lambda path: self._datastore.record(self._flow, self._run, self._step, path)
                ),
            )
        )
        return self._ready.pop(path)


_datastores: Dict[Tuple[int, str], Datastore] = {}


def open_datastore(url: str = "") -> Datastore:
    """Returns the datastore at `url`, by default the one from the settings.

    Each process opens its own, since connections do not survive a fork.
    """
    url = url or settings.store_url()
    key = (os.getpid(), url)
    if key not in _datastores:
        _datastores[key] = Datastore(url)
    return _datastores[key]


def _seen(names: Iterable[str]) -> Dict[str, TaskListing]:
    """Groups `PATH.json`, `PATH.0.log`, `PATH.0.failure.json` and `PATH.0.card.…` by path; ignores other objects."""
    listings: Dict[str, TaskListing] = {}
    for name in names:
        path, attempt = _parted(name)
        if path is None:
            continue
        one = listings.setdefault(path, TaskListing())
        if attempt is None:
            one.has_record = True
        else:
            if attempt not in one.attempts:
                one.attempts.append(attempt)
            if ".card." not in name:
                (one.logs if name.endswith(".log") else one.failures).append(attempt)
    return listings


def _parted(name: str) -> Tuple[Optional[str], Optional[int]]:
    """Returns (path, attempt) of an object's name.

    A record has no attempt (None); other objects have no path (None).
    """
    for suffix in (".failure.json", ".log"):
        if name.endswith(suffix):
            path, _, attempt = name[: -len(suffix)].rpartition(".")
            return (path, int(attempt)) if attempt.isdigit() and _is_path(path) else (None, None)
    task, dot, _ = name.partition(".card.")
    if dot:
        path, _, attempt = task.rpartition(".")
        return (path, int(attempt)) if attempt.isdigit() and _is_path(path) else (None, None)
    path = name[: -len(".json")] if name.endswith(".json") else ""
    return (path, None) if _is_path(path) else (None, None)


def _is_path(text: str) -> bool:
    try:
        return bool(address.checked(text))
    except address.BadPath:
        return False


def _order(graph: Graph) -> List[str]:
    """Returns the steps in the order in which a scheduler would first reach them.

    The order is breadth first, and follows the order in which transitions name steps.
    """
    reached = {graph.start: None}
    waiting = [graph.start]
    while waiting:
        step = waiting.pop(0)
        for target in graph.targets(step):
            if target not in reached and _parents_are(graph, target, reached):
                reached[target] = None
                waiting.append(target)
    return [*reached, *(step for step in graph.steps if step not in reached)]


def _parents_are(graph: Graph, step: str, reached: Dict[str, None]) -> bool:
    """Returns True unless the step is a join and one of its branches has not been reached."""
    return not graph.step(step)["is_join"] or all(parent in reached for parent in graph.parents(step))


def records_of(
    datastore: Datastore, flow: str, run: str, step: str, paths: Iterable[str]
) -> Iterator[Tuple[str, Optional[Record]]]:
    """Yields (path, record) in order, a window of AHEAD at a time in memory."""
    paths = list(paths)
    for at in range(0, len(paths), AHEAD):
        window = paths[at : at + AHEAD]
        yield from zip(window, datastore.each(window, lambda path: datastore.record(flow, run, step, path)))
