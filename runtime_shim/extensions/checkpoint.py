"""`@checkpoint`: `current.checkpoint`, and the class `Checkpoint` for child processes, scripts and notebooks."""

from __future__ import annotations

import os
import sys
import tempfile

from ..contract import address
from . import checkpoints, references
from .checkpoints import DEFAULT_NAME, Place
from .exceptions import CheckpointException
from .saved_files import FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Union

    from .references import CheckpointArtifact, Reference

_active: Optional[Place] = None  # that of the task that this process runs


class Checkpoint:
    """Saves, lists and loads checkpoints, in a task, in a process that it started, or anywhere else.

    As a context manager it has a temporary folder, `directory`. Saving needs a task of a step with `@checkpoint`.
    """

    def __init__(self, temp_dir_root: Optional[str] = None, init_dir: bool = False) -> None:
        self._root = temp_dir_root
        self._folder: Any = None
        if init_dir:
            self.__enter__()

    @property
    def directory(self) -> Optional[str]:
        """The temporary folder; None outside a `with` statement."""
        return self._folder.name if self._folder is not None else None

    def __enter__(self) -> Checkpoint:
        if self._folder is None:
            self._folder = temporary_folder(self._root, "metaflow_checkpoint_")
        return self

    def __exit__(self, *_: Any) -> None:
        self._folder.cleanup()
        self._folder = None

    def save(
        self, path: Any = None, metadata: Optional[Dict[str, Any]] = None, latest: bool = True,
        name: str = DEFAULT_NAME, storage_format: str = FILES,
    ) -> Dict[str, Any]:  # fmt: skip
        """Saves a file or a folder, by default `directory`. Returns its reference."""
        place = _here("saved")
        return place.save(self._path(path), name, metadata, latest, storage_format).to_dict()

    def load(self, reference: Reference, path: Optional[str] = None) -> None:
        """Writes the files of a checkpoint below `path`, by default `directory`."""
        store = _active.store if _active is not None else references.here()
        references.load(store, reference, self._path(path))

    def list(
        self, name: Optional[str] = None, task: Any = None, attempt: Union[None, int, str] = None,
        full_namespace: bool = False, as_dict: bool = True, within_task: bool = True,
    ) -> List[Any]:  # fmt: skip
        """Returns the checkpoints of the running task, or of `task` (an object of the client or a pathspec).

        Those of `task` are of its last attempt, unless `attempt` is given. With `full_namespace`: of the running task
        in all runs of its namespace. (`within_task=False` is the old way to write that.)
        """
        number, everywhere = None if attempt is None else int(attempt), full_namespace or not within_task
        found = _of(task, name, number) if task is not None else _here("listed").list(name, number, everywhere)
        return [one.to_dict() for one in found] if as_dict else list(found)

    def generate_key(self, name: str, version_id: Optional[int] = None) -> str:
        """Returns the key that a checkpoint of the running task has, by default the next one."""
        place = _here("named")
        return place.key(name, place.version if version_id is None else version_id)

    def _path(self, path: Any) -> str:
        if path is None and self.directory is None:
            raise ValueError("a path is needed where Checkpoint is not used as a context manager")
        return os.fspath(path) if path is not None else str(self.directory)


class CurrentCheckpoint:
    """`current.checkpoint` of a step with `@checkpoint`."""

    def __init__(self, place: Place, temp_dir_root: Optional[str] = None) -> None:
        self._place, self._root = place, temp_dir_root
        self._loaded: Optional[CheckpointArtifact] = None
        self._folder = temporary_folder(temp_dir_root, "metaflow_checkpoint_")
        self._checkpoint = Checkpoint(temp_dir_root)

    @property
    def directory(self) -> str:
        """A temporary folder: a loaded checkpoint is there, and `save` takes it by default."""
        return str(self._folder.name)

    @property
    def is_loaded(self) -> bool:
        """True if a checkpoint was loaded before the step began."""
        return self._loaded is not None

    @property
    def info(self) -> Optional[CheckpointArtifact]:
        """The checkpoint that was loaded before the step began."""
        return self._loaded

    @property
    def task_identifier(self) -> str:
        return self._place.identity

    def load_first(self, policy: str) -> None:
        """Loads the checkpoint that the policy names, if there is one."""
        latest = None
        if policy in ("fresh", "eager"):
            latest = self._place.latest(of_task=True)
        if latest is None and policy == "eager":
            latest = self._place.latest(of_task=False)
        if latest is not None:
            references.load(self._place.store, latest, self.directory)
            self._loaded = latest
            print(f"[@checkpoint] loaded {latest.key}, saved at {latest.created_on}", file=sys.stderr, flush=True)

    def save(
        self, path: Any = None, name: str = DEFAULT_NAME, metadata: Optional[Dict[str, Any]] = None,
        latest: bool = True, storage_format: str = FILES,
    ) -> Dict[str, Any]:  # fmt: skip
        """Saves a file or a folder, by default `directory`. Returns its reference."""
        source = self.directory if path is None else os.fspath(path)
        return self._place.save(source, name, metadata, latest, storage_format).to_dict()

    def load(self, reference: Reference, path: Optional[str] = None) -> None:
        """Writes the files of a checkpoint below `path`, by default into `directory`, which is emptied before."""
        if path is None:
            self.refresh_directory()
        references.load(self._place.store, reference, path or self.directory)

    def list(
        self, name: Optional[str] = None, task: Any = None, attempt: Union[None, int, str] = None,
        full_namespace: bool = False, within_task: bool = True,
    ) -> List[Dict[str, Any]]:  # fmt: skip
        """Returns the checkpoints of the task, as `Checkpoint.list` does."""
        return self._checkpoint.list(name, task, attempt, full_namespace, within_task=within_task)

    def refresh_directory(self) -> None:
        """Replaces `directory` by an empty one."""
        self.cleanup()
        self._folder = temporary_folder(self._root, "metaflow_checkpoint_")

    def cleanup(self) -> None:
        self._folder.cleanup()


def activate(place: Optional[Place]) -> None:
    """Makes the place that of this process and of those it starts; None ends that."""
    global _active
    _active = place
    if place is not None:
        os.environ[checkpoints.VARIABLE] = place.uid
    else:
        os.environ.pop(checkpoints.VARIABLE, None)


def temporary_folder(root: Optional[str], prefix: str) -> tempfile.TemporaryDirectory[str]:
    """Creates a folder in `root`, which is created too, or where the system keeps temporary files."""
    if root is not None:
        os.makedirs(root, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=prefix, dir=root)


def _here(done: str) -> Place:
    place = _active or checkpoints.announced()
    if place is None:
        raise CheckpointException(
            f"a checkpoint can be {done} without `task` only in a task of a step with @checkpoint, or in a process "
            f"that such a task started with its own environment (the variable {checkpoints.VARIABLE})"
        )
    return place


def _of(task: Any, name: Optional[str], attempt: Optional[int]) -> List[CheckpointArtifact]:
    from .. import client

    found = client.Task(task, _namespace_check=False) if isinstance(task, str) else task
    flow, run, step, task_id = found.path_components
    done = found._done
    if done is not None and done.data.get("origin"):  # taken over from another run, where it saved them
        run = str(done.data["origin"])
    place = checkpoints.of_task(found._datastore.store, flow, run, step, address.path_of_task(step, task_id))
    if attempt is None:
        attempt = done.attempt if done is not None else int(found.current_attempt)
    return place.list(name, attempt, False)
