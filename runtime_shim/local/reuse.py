"""Tasks that need not run: their records are taken over from a run that did the same work.

Two policies with the same two methods:

    find(step, path, fresh) -> Optional[Found]    the record to take over and its run; `fresh`: something before the task was run anew
    keep(step, path) -> None                      the task has succeeded in this run: later runs may take it over
    damage: str                                   why the record that `find` came upon is not taken over: what is wrong with its artifacts, else ""

`Resumed` takes what one earlier run has done, whatever the code is now; `Cached` takes from any run what had the same code, inputs and
environment, as a build system does.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Tuple, Union

from ..artifacts import manifest
from ..contract import address, record
from ..contract.errors import DamagedError
from ..contract.graph import Graph
from ..contract.lineage import Lineage
from ..contract.record import Record
from ..store import Store
from ..task import environment

Policy = Union["Resumed", "Cached"]
Found = Tuple[Record, str]

KEY_VERSION = 2


class Resumed:
    """What run `origin` has done, less the steps in `rerun` and all that follows a task that was run anew."""

    def __init__(self, store: Store, graph: Graph, origin: str, rerun: FrozenSet[str], verify: bool = False) -> None:
        """`verify`: read every byte of the artifacts that are taken over."""
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
    """What any run of the flow has done with the same code, inputs and environment. `fingerprints`: step → digest of its code."""

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
        """A failure that `@catch` made a success of may be over by now; what a secret or a URL stands for may have changed: such steps always run."""
        if step == self.graph.start and any(
            isinstance(each, dict) and set(each) == {"url"} for each in self.parameters.values()
        ):
            return False
        return step in self.fingerprints and not any(self.graph.decorator(step, each) for each in ("catch", "secrets"))

    def _key(self, step: str, path: str) -> str:
        inputs = self.lineage.inputs(step, path)
        seen = [[each.step, each.splits, each.stack, sorted(each.artifacts.items())] for each in inputs]
        what = [
            KEY_VERSION,
            self.fingerprints[step],
            self._ran_in(step),
            path,
            seen,
            None if inputs else sorted(self.parameters.items()),
        ]
        return hashlib.sha256(
            json.dumps(what, sort_keys=True, default=repr).encode("utf-8", "surrogatepass")
        ).hexdigest()

    def _ran_in(self, step: str) -> List[str]:
        return [self.packages[step]] if step in self.packages else self.environment


class Check:
    """Whether the artifacts of records are whole; what several records share is looked at once."""

    def __init__(self, store: Store, flow: str, thoroughly: bool) -> None:
        self.store, self.flow, self.thoroughly = store, flow, thoroughly
        self._known: Dict[Any, str] = {}

    def __call__(self, done: Record) -> str:
        """What is wrong with the first of them that is not; "" if all are. Raises StoreError."""
        for name, entry in done.artifacts.items():
            key = (entry["digest"], entry.get("pack"), entry.get("at"))
            if key not in self._known:
                self._known[key] = manifest.problem(self.store, self.flow, entry, self.thoroughly)
            if self._known[key]:
                return f"artifact `{name}` is damaged in the datastore: {self._known[key]}"
        return ""


def _whole(store: Store, graph: Graph, check: Check, place: Tuple[str, str, str]) -> Tuple[Optional[Record], str]:
    """The record at (run, step, path) that a run of this graph can take over, else None; and what is damaged of one, else ""."""
    try:
        done = record.read(store, graph.name, *place)  # None when that run has been collected
    except DamagedError as error:
        return None, str(error)
    if done is None or not _fits(graph, done):
        return None, ""
    damage = check(done)
    return (None if damage else done), damage


def taken_over(store: Store, flow: str, run: str, done: Record, origin: str) -> Record:
    """Writes the record as one of run `run`, saying where it comes from; returns the one that is there then."""
    kept = {
        name: value for name, value in done.data.items() if name != "start"
    }  # which is of an engine's run that this one is not
    return record.write(store, flow, run, {**kept, "origin": origin})


def local_code() -> str:
    """A digest of the modules that tasks can import and that are neither in the code package nor of an installed version: those on PYTHONPATH, of
    editable installs, and in folders that `.pth` files name; by their names, sizes and times. The folder that Python was started in is none of them.
    """
    import sysconfig

    ours = {os.path.realpath(sysconfig.get_path(each)) for each in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    folders += [each for each in sys.path[1:] if each and os.path.realpath(each) not in ours and not _is_library(each)]
    for each in sys.path:
        folders += _editable(each)
    found = hashlib.sha256()
    for folder in sorted({os.path.realpath(each) for each in folders}):
        for path, status in _modules(folder):
            found.update(json.dumps([path, status.st_size, status.st_mtime_ns]).encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _is_library(folder: str) -> bool:
    """Python's own folders: lib/python3.12, lib-dynload, python312.zip, site-packages."""
    prefixes = {os.path.realpath(each) for each in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    return any(os.path.realpath(folder).startswith(os.path.join(each, "")) for each in prefixes) or folder.endswith(
        ".zip"
    )


def _editable(folder: str) -> Iterator[str]:
    """The folders of projects that are installed so that their source is used where it is (Python packaging guide, Direct URL data structure)."""
    try:
        names = [each for each in os.listdir(folder or ".") if each.endswith(".dist-info")]
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
    """Python files and extensions below the folder; not in hidden folders, nor in environments that lie inside."""
    for inside, folders, files in os.walk(folder):
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".") and each not in ("__pycache__", "node_modules", "site-packages")
        )
        for name in sorted(files):
            if name.endswith((".py", ".so", ".pyd")):
                path = os.path.join(inside, name)
                try:
                    yield path, os.stat(path)
                except OSError:
                    continue


def _fits(graph: Graph, done: Record) -> bool:
    """True if the record leads where the graph, which may have changed since, can go on."""
    if done.step not in graph.steps or not set(done.next) <= set(graph.targets(done.step)):
        return False
    return (done.splits is not None) == (graph.kind(done.step) in ("foreach", "parallel")) and (
        bool(done.next) or graph.kind(done.step) == "end"
    )
