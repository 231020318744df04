"""Reads a run of an object store for pages that are served: soon, though reading all records takes long.

One listing of names tells which tasks there are and how they went. A record or a failure never changes, so each is
read once: the first of every step before the first answer, the others in the background.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left

from flowc.runtime_shim.client.datastore import Datastore
from flowc.runtime_shim.client.datastore import _parted as _parted_name
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from flowc.runtime_shim.store import Store

    A = TypeVar("A")
    B = TypeVar("B")

SOON = (
    12  # records and failures of each step that the first answer has: those of a few steps take one round of requests
)
MANY = 1000  # names of a step from which on parts of it are listed at the same time: what one request lists
WINDOW = 320  # objects that are read in the background between looks at the clock
PAUSE = 3.0  # seconds between answers with more of what has been read


class BucketRun:
    """A run in an object store."""

    def __init__(self, place: Datastore, flow: str, run: str) -> None:
        self._place, self._flow, self._run = place, flow, run
        self._prefix = address.run_name(flow, run)
        self._codes: list[str] = []
        self._names: list[str] = []
        self._contents: dict[str, bytes] = {}  # of objects that never change
        self._unread: set[str] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told = 0  # changes when an answer would have more

    def look(self) -> list[tuple[str, int]]:
        """Lists the run, reads what the first answer needs, and returns (name, bytes) of the run's objects."""
        codes, steps = self._beginnings()
        entries = sorted(self._entries(steps))
        names = [name for name, _ in entries]
        if codes != self._codes:  # an operator ran something again: its record was set aside
            self._codes, self._contents = codes, {}
        soon, later = _parted([name for name in names if name not in self._contents and self._is_settled(name)])
        for name, data in zip(soon, self._place.each(soon, lambda name: self._place.store.get(name))):
            if data is not None:
                self._contents[name] = data
        with self._lock:
            self._names, self._unread = names, set(later)
        return entries

    def read_on(self) -> None:
        """Reads in the background what the last look has left. Called once an answer is ready, which it would delay."""
        with self._lock:
            if self._unread and self._thread is None:
                self._thread = threading.Thread(target=self._read_all, daemon=True)
                self._thread.start()

    def _is_settled(self, name: str) -> bool:
        """Returns True for a record or a failure, which never change."""
        task = name[len(self._prefix) :].partition("/")[2]
        return task.endswith(".json") and ".card." not in task and _parted_name(task)[0] is not None

    @property
    def state(self) -> str:
        """A text that changes when more has been read than the last answer had; "" once all has."""
        with self._lock:
            return str(self._told) if self._unread else ""

    @property
    def place(self) -> Listed:
        """The datastore, as far as it was listed and read."""
        with self._lock:
            return Listed(self._place, self._prefix, self._names, self._contents, frozenset(self._unread))

    # ── listing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _beginnings(self) -> tuple[list[str], list[str]]:
        """Returns the names of changed code, and the steps' folders. Reads the run's graph meanwhile, for later."""
        place, prefix = self._place, self._prefix

        def graph() -> list[str]:
            if place.run(self._flow, self._run) is not None:
                place.graph(self._flow, self._run)
            return []

        codes, folders, _ = place.each(
            [lambda: list(place.store.list(f"{prefix}code.")), lambda: list(place.store.folders(prefix)), graph],
            lambda ask: ask(),
        )
        return codes, [f"{prefix}{folder}/" for folder in folders]

    def _entries(self, steps: list[str]) -> list[tuple[str, int]]:
        """Returns (name, bytes) of the run's objects, listing steps, and parts of large ones, at the same time."""
        first = self._place.each(steps, lambda step: self._some(step, MANY))
        entries: list[tuple[str, int]] = []
        again: list[str] = []
        for step, found in zip(steps, first):
            if len(found) < MANY:
                entries += found
            elif self._place.url.startswith("s3://"):  # other clients list whole folders
                again += [f"{step}{first}" for first in (*range(10), address.ROOT)]
            else:
                again.append(step)
        for more in self._place.each(again, lambda prefix: self._some(prefix, None)):
            entries += more
        return entries

    def _some(self, prefix: str, most: int | None) -> list[tuple[str, int]]:
        from itertools import islice

        return [(name, size) for name, size, _ in islice(self._place.store.entries(prefix), most)]

    # ── reading in the background ───────────────────────────────────────────────────────────────────────────────────

    def _read_all(self) -> None:
        told = time.monotonic()
        try:
            while True:
                with self._lock:
                    window, known = sorted(self._unread)[:WINDOW], self._contents
                    if not window:
                        self._thread = None
                        return
                contents = self._place.each(window, lambda name: self._place.store.get(name))
                with self._lock:
                    known.update({name: data for name, data in zip(window, contents) if data is not None})
                    self._unread.difference_update(window)
                    if time.monotonic() - told > PAUSE:
                        self._told, told = self._told + 1, time.monotonic()
        except ShimError:  # the next look at the run tries again
            with self._lock:
                self._thread = None


class Listed(Datastore):
    """A datastore that knows the names that one of its runs has, and the contents of some of them."""

    def __init__(
        self, place: Datastore, prefix: str, names: list[str], contents: dict[str, bytes], unread: frozenset[str]
    ) -> None:
        super().__init__(place.url)
        self._place, self._prefix, self._names, self._contents, self.unread = place, prefix, names, contents, unread
        self._runs, self._packages, self._graphs = place._runs, place._packages, place._graphs

    @property
    def store(self) -> Any:
        return _Store(self._place.store, self._prefix, self._names, self._contents, self.unread)

    def each(self, items: Iterable[A], read: Callable[[A], B]) -> list[B]:
        return [read(item) for item in items]  # from memory


class _Store:
    """A store's answers about one run from memory, where they are there; everything else is the store's own."""

    def __init__(
        self, store: Store, prefix: str, names: list[str], contents: dict[str, bytes], unread: frozenset[str]
    ) -> None:
        self._store, self._prefix, self._names = store, prefix, names
        self._contents, self._unread = contents, unread

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, name: str) -> bytes | None:
        if name in self._unread:
            return None
        data = self._contents.get(name)
        return self._store.get(name) if data is None else data

    def list(self, prefix: str) -> Iterator[str]:
        if not prefix.startswith(self._prefix):
            yield from self._store.list(prefix)
            return
        for at in range(bisect_left(self._names, prefix), len(self._names)):
            if not self._names[at].startswith(prefix):
                return
            yield self._names[at]

    def folders(self, prefix: str) -> Iterator[str]:
        if not prefix.startswith(self._prefix):
            yield from self._store.folders(prefix)
            return
        rests = (name[len(prefix) :].partition("/") for name in self.list(prefix))
        yield from dict.fromkeys(first for first, slash, _ in rests if slash)


def _parted(names: list[str]) -> tuple[list[str], list[str]]:
    """Returns the names to read at once, the first records and failures of each folder, and those to read later."""
    counts: dict[tuple[str, bool], int] = {}
    soon: list[str] = []
    later: list[str] = []
    for name in names:
        kind = (name.rpartition("/")[0], name.endswith(".failure.json"))
        counts[kind] = counts.get(kind, 0) + 1
        (soon if counts[kind] <= SOON else later).append(name)
    return soon, later
