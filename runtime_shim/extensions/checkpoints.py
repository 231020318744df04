"""Where the checkpoints of a task are in the datastore: writing, listing, and the latest one.

    FLOW/checkpoints/tasks/RUN/STEP/PATH/ATTEMPT.NAME.VERSION.json      a checkpoint; its key, with `.json`
    FLOW/checkpoints/tasks/RUN/STEP/PATH/latest.json                    names the task's latest one
    FLOW/checkpoints/scopes/STEP/SCOPE/IDENTITY/….json                  a copy, for other runs of the same task
    FLOW/checkpoints/scopes/STEP/SCOPE/IDENTITY/latest.json             names the latest one of all these

The scope is the run's namespace, or what its tag `checkpoint:SCOPE` says. The identity is the same for the same task
of any run: it is made of the step and the items of the foreaches around it.
"""

from __future__ import annotations

import hashlib
import os

from ..contract import address, record
from ..contract.errors import DamagedError
from . import references, saved_files
from .exceptions import CheckpointException
from .references import CheckpointArtifact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple

    from ..store import Store

DEFAULT_NAME = "mfchckpt"
VARIABLE = "METAFLOW_CHECKPOINT_UID"  # in a task of a step with `@checkpoint`: names the task to child processes
_TAG = "checkpoint:"
_LATEST = "latest.json"


class Place:
    """The place of one task's checkpoints, as one attempt writes and reads them."""

    def __init__(
        self, store: Store, flow: str, run: str, step: str, path: str, attempt: int, scope: str, identity: str
    ) -> None:  # fmt: skip
        self.store, self.flow, self.run, self.step, self.path, self.attempt = store, flow, run, step, path, attempt
        self.scope, self.identity = scope, identity
        self.version = 0  # of the next checkpoint
        self.pathspec = "/".join((flow, run, step, address.task_id(step, path)))
        root = f"{address.encoded(flow)}/checkpoints"
        self.own = f"{root}/tasks/{address.encoded(run)}/{address.encoded(step)}/{address.encoded(path)}/"
        self.shared = f"{root}/scopes/{address.encoded(step)}/{scope}/{identity}/"

    @property
    def uid(self) -> str:
        """The text of VARIABLE, from which `from_uid` makes an equal place."""
        parts = (self.flow, self.run, self.step, address.task_id(self.step, self.path))
        return "/".join([*map(address.encoded, parts), self.identity, self.scope, str(self.attempt)])

    def key(self, name: str, version: int) -> str:
        return f"{self.own}{self.attempt}.{address.encoded(name)}.{version}"

    def save(
        self, path: str, name: str, metadata: Optional[Dict[str, Any]], latest: bool, storage_format: str
    ) -> CheckpointArtifact:  # fmt: skip
        """Saves the files. Nothing can be read of it before all is written. Raises what `saved_files.save` raises."""
        if not isinstance(name, str) or not name:
            raise CheckpointException(f"the name of a checkpoint must be a text, not {name!r}")
        saved, size = saved_files.save(self.store, self.flow, path, storage_format)
        hashed = _hashed(self.pathspec)[:8]
        while True:  # other processes of the task, and earlier tries at the same attempt, count too
            version, key = self.version, self.key(name, self.version)
            values = {
                "size": size, "pathspec": self.pathspec, "pathspec_hash": hashed, "attempt": self.attempt, "key": key,
                "type": references.CHECKPOINT, "url": f"{self.store.url}/{key}", "name": name,
                "created_on": references.now(),
                "metadata": references.plain(metadata or {}), "storage_format": storage_format,
                "creation_context": "task",
                "version_id": version,
            }  # fmt: skip
            copy = f"{self.shared}{hashed}.{self.attempt}.{address.encoded(name)}.{version}.json"
            data = references.as_bytes(values, saved, [copy])
            self.version += 1
            if self.store.put_if_absent(f"{key}.json", data):
                break
        self.store.put(copy, data)
        if latest:
            pointer = record.dumps({"version": record.VERSION, "key": key})
            self.store.put(self.shared + _LATEST, pointer)
            self.store.put(self.own + _LATEST, pointer)
        return CheckpointArtifact(**values)

    def latest(self, of_task: bool) -> Optional[CheckpointArtifact]:
        """Returns the task's latest checkpoint, or the latest of the same task in any run; None if there is none."""
        name = (self.own if of_task else self.shared) + _LATEST
        data = self.store.get(name)
        try:
            found = references.read(self.store, str(record.loads(data, name)["key"])) if data is not None else None
        except DamagedError:  # a power failure tore it: there is no latest one
            return None
        return CheckpointArtifact(**found["reference"]) if found is not None else None

    def list(self, name: Optional[str], attempt: Optional[int], everywhere: bool) -> List[CheckpointArtifact]:
        """Returns the task's checkpoints, or with `everywhere` those of the same task in any run, newest first."""
        return listed(self.store, self.shared if everywhere else self.own, name, attempt)


def listed(store: Store, prefix: str, name: Optional[str], attempt: Optional[int]) -> List[CheckpointArtifact]:
    found = []
    for object_name in store.list(prefix):
        if not object_name.endswith(".json") or object_name.endswith("/" + _LATEST):
            continue
        data = store.get(object_name)
        if data is None:  # deleted meanwhile
            continue
        reference = CheckpointArtifact(**record.loads(data, object_name)["reference"])
        if name in (None, reference.name) and attempt in (None, reference.attempt):
            found.append(reference)
    return sorted(found, key=lambda one: (one.created_on, one.version_id), reverse=True)


def of_task(store: Store, flow: str, run: str, step: str, path: str) -> Place:
    """Returns the place of any task, for listing its checkpoints."""
    return Place(store, flow, run, step, path, 0, "", "")


def from_uid(store: Store, uid: str) -> Place:
    """Returns the place that a text of VARIABLE names. Raises CheckpointException."""
    parts = uid.split("/")
    if len(parts) != 7 or not parts[6].isdigit():
        raise CheckpointException(f"the environment variable {VARIABLE} has an invalid value: {uid!r}")
    flow, run, step, task_id = (address.decoded(part) for part in parts[:4])
    return Place(
        store, flow, run, step, address.path_of_task(step, task_id), int(parts[6]), parts[5], parts[4]
    )  # fmt: skip


def scope_of(namespace: Optional[str], tags: Iterable[str]) -> str:
    """Returns the scope of a run's checkpoints, from its namespace and tags."""
    tagged = sorted(tag for tag in tags if tag.startswith(_TAG))
    return _hashed(tagged[0][len(_TAG) :] if tagged else namespace or "")[:12]


def identity_of(step: str, stack: Iterable[Tuple[int, Optional[int], Any]], is_gang: bool) -> str:
    """Returns the identity of a task from the open foreaches around it (`FlowSpec.foreach_stack`).

    The nodes of a gang have one identity.
    """
    import json

    parts = []
    for index, _, item in stack:
        try:
            parts.append(json.dumps(item, sort_keys=True))
        except (TypeError, ValueError):  # an item that is no plain data is known by its position
            parts.append(f"#{index}")
    if is_gang and parts:
        parts[-1] = "gang"
    return _hashed("\0".join((step, *parts)))[:12]


def announced() -> Optional[Place]:
    """Returns the place that this process's environment names; None outside a step with `@checkpoint`."""
    uid = os.environ.get(VARIABLE, "")
    return from_uid(references.here(), uid) if uid else None


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
