"""Reuses records of tasks from earlier runs that did the same work.

Policies have the same methods:

    find(step, path, fresh) -> Optional[Found]    the record to take over and its run;
                                                  `fresh`: a task before this one has been run again
    keep(step, path) -> None                      the task has succeeded in this run: later runs may take it over
    damage: str                                   what is wrong with the artifacts of the record that `find`
                                                  rejected, or ""

`Resumed` takes over the work of one earlier run, whatever the code is now. `Cached` takes over work from any run with
the same code, inputs and environment, as a build system does. `ResumedOnEngine` (`task/taking_over.py`) does as
`Resumed`, where no scheduler knows which tasks have run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Tuple

from ..artifacts import manifest
from ..contract import address, record
from ..contract.errors import DamagedError
from ..contract.graph import Graph
from ..contract.lineage import Lineage
from ..contract.record import Record
from ..store import Store
from ..task import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Policy(Protocol):
        @property
        def damage(self) -> str: ...

        def find(self, step: str, path: str, fresh: bool) -> Optional[Found]: ...

        def keep(self, step: str, path: str) -> None: ...


Found = Tuple[Record, str]

KEY_VERSION = 2


class Resumed:
    """Reuses the tasks of run `origin`, except the steps in `rerun` and everything after a task that was run again."""

    def __init__(self, store: Store, graph: Graph, origin: str, rerun: FrozenSet[str], verify: bool = False) -> None:
        """With `verify`, reads every byte of the artifacts that are taken over."""
        self.store, self.graph, self.origin, self.rerun = store, graph, origin, rerun
        self.damage = ""
        self._check = Check(store, graph.name, verify)

    def find(self, step: str, path: str, fresh: bool) -> Optional[Found]:
        self.damage = ""
        if fresh or step in self.rerun:
            return None
        done, self.damage = _whole(self.store, self.graph, self._check, (self.origin, step, path))
        return (done, self.origin) if done is not None else None

    def keep(self, step: str, path: str) -> None:
        pass


class Cached:
    """Reuses tasks of any run with the same code, inputs and environment.

    `fingerprints` maps steps to digests of their code.
    """

    def __init__(
        self, store: Store, graph: Graph, run: str, fingerprints: Mapping[str, str], parameters: Mapping[str, Any],
        packages: Optional[Mapping[str, str]] = None,
    ) -> None:  # fmt: skip
        self.packages = packages or {}  # step → digest of its environment, for those that have one of their own
        self.store, self.graph, self.run, self.fingerprints = store, graph, run, fingerprints
        self.parameters = dict(parameters)  # as run.json has them
        self.environment = [environment.digest_of(environment.here()), local_code()]
        self.lineage = Lineage(store, graph, run)
        self.damage = ""
        self._check = Check(store, graph.name, False)

    def find(self, step: str, path: str, fresh: bool) -> Optional[Found]:
        self.damage = ""
        if not self._may_be_shared(step):
            return None
        name = address.cache_name(self.graph.name, self._key(step, path))
        data = self.store.get(name)
        if data is None:
            return None
        try:
            place = record.loads(data, name)
        except DamagedError as error:
            self.damage = str(error)
            return None
        done, self.damage = _whole(self.store, self.graph, self._check, (place["run"], place["step"], place["path"]))
        return (done, place["run"]) if done is not None else None

    def keep(self, step: str, path: str) -> None:
        if self._may_be_shared(step):
            name = address.cache_name(self.graph.name, self._key(step, path))
            self.store.put(name, record.dumps({"version": record.VERSION, "run": self.run, "step": step, "path": path}))

    def _may_be_shared(self, step: str) -> bool:
        """Returns False for steps that must always run.

        A failure that `@catch` turned into success may be over by now. The values behind a secret or a URL may have
        changed.
        """
        if step == self.graph.start and any(
            isinstance(parameter, dict) and set(parameter) == {"url"} for parameter in self.parameters.values()
        ):
            return False
        return step in self.fingerprints and not any(self.graph.decorator(step, name) for name in ("catch", "secrets"))

    def _key(self, step: str, path: str) -> str:
        inputs = self.lineage.inputs(step, path)
        records = [[done.step, done.splits, done.stack, sorted(done.artifacts.items())] for done in inputs]
        key = [
            KEY_VERSION,
            self.fingerprints[step],
            self._ran_in(step),
            path,
            records,
            None if inputs else sorted(self.parameters.items()),
        ]
        return hashlib.sha256(
            json.dumps(key, sort_keys=True, default=repr).encode("utf-8", "surrogatepass")
        ).hexdigest()

    def _ran_in(self, step: str) -> List[str]:
        return [self.packages[step]] if step in self.packages else self.environment


class Check:
    """Checks that the artifacts of records are intact. Content that several records share is checked once."""

    def __init__(self, store: Store, flow: str, thoroughly: bool) -> None:
        self.store, self.flow, self.thoroughly = store, flow, thoroughly
        self._known: Dict[Any, str] = {}

    def __call__(self, done: Record) -> str:
        """Returns what is wrong with the first damaged artifact; "" if there is none. Raises StoreError."""
        for name, entry in done.artifacts.items():
            key = (entry["digest"], entry.get("pack"), entry.get("at"))
            if key not in self._known:
                self._known[key] = manifest.problem(self.store, self.flow, entry, self.thoroughly)
            if self._known[key]:
                return f"artifact `{name}` is damaged in the datastore: {self._known[key]}"
        return ""


def _whole(store: Store, graph: Graph, check: Check, place: Tuple[str, str, str]) -> Tuple[Optional[Record], str]:
    """Returns the record at (run, step, path) if a run of this graph can take it over, and what is damaged.

    The record is None if it cannot be taken over. The damage is "" if there is none.
    """
    try:
        done = record.read(store, graph.name, *place)  # None if that run was garbage-collected
    except DamagedError as error:
        return None, str(error)
    if done is None or not _fits(graph, done):
        return None, ""
    damage = check(done)
    return (None if damage else done), damage


def taken_over(store: Store, flow: str, run: str, done: Record, origin: str) -> Record:
    """Writes the record as one of run `run`, with its origin. Returns the record in the datastore."""
    # `start` belongs to a different engine's run
    kept = {name: value for name, value in done.data.items() if name != "start"}
    return record.write(store, flow, run, {**kept, "origin": origin})


def local_code() -> str:
    """Returns a digest of importable modules that are neither in the code package nor of an installed version.

    These are modules on PYTHONPATH, of editable installs, and in folders that `.pth` files name. It covers their names,
    sizes and times. The folder that Python was started in does not count.
    """
    import sysconfig

    ours = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    folders += [
        folder for folder in sys.path[1:] if folder and os.path.realpath(folder) not in ours and not _is_library(folder)
    ]
    for entry in sys.path:
        folders += _editable(entry)
    hasher = hashlib.sha256()
    for folder in sorted({os.path.realpath(folder) for folder in folders}):
        for path, status in _modules(folder):
            hasher.update(json.dumps([path, status.st_size, status.st_mtime_ns]).encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def _is_library(folder: str) -> bool:
    """Returns True for Python's own folders: lib/python3.12, lib-dynload, python312.zip, site-packages."""
    prefixes = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    return any(os.path.realpath(folder).startswith(os.path.join(prefix, "")) for prefix in prefixes) or folder.endswith(
        ".zip"
    )


def _editable(folder: str) -> Iterator[str]:
    """Yields the source folders of editable installs (Python packaging guide, Direct URL data structure)."""
    try:
        names = [name for name in os.listdir(folder or ".") if name.endswith(".dist-info")]
    except OSError:
        return
    for name in names:
        try:
            with open(os.path.join(folder, name, "direct_url.json"), encoding="utf-8") as file:
                data = json.load(file)
            if data.get("dir_info", {}).get("editable") and data["url"].startswith("file://"):
                from urllib.parse import unquote

                yield unquote(data["url"][len("file://") :])
        except (OSError, ValueError, KeyError, AttributeError):
            continue


def _modules(folder: str) -> Iterator[Tuple[str, os.stat_result]]:
    """Yields Python files and extensions below the folder, except in hidden folders and in environments inside it."""
    for inside, folders, files in os.walk(folder):
        folders[:] = sorted(
            folder
            for folder in folders
            if not folder.startswith(".") and folder not in ("__pycache__", "node_modules", "site-packages")
        )
        for name in sorted(files):
            if name.endswith((".py", ".so", ".pyd")):
                path = os.path.join(inside, name)
                try:
                    yield path, os.stat(path)
                except OSError:
                    continue


def _fits(graph: Graph, done: Record) -> bool:
    """Returns True if the graph, which may have changed since, can continue from the record."""
    if done.step not in graph.steps or not set(done.next) <= set(graph.targets(done.step)):
        return False
    return (done.splits is not None) == (graph.kind(done.step) in ("foreach", "parallel")) and (
        bool(done.next) or graph.kind(done.step) == "end"
    )
