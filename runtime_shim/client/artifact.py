"""`DataArtifact("Flow/run/step/path/name")`: a value that a task saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterator, Optional, Tuple

from . import internals, kinds
from .datastore import Datastore
from .objects import MetaflowObject


class DataArtifact(MetaflowObject):
    """An artifact. Only `data` reads and unpickles the value; the rest comes from the task's record."""

    _FORM = "FlowName/RunID/StepName/TaskID/ArtifactName"
    _parts: Tuple[str, str, str, str, str]

    _task: Any

    def _begin(self, datastore: Datastore, parts: Tuple[str, ...], attempt: Optional[int]) -> None:
        super()._begin(datastore, parts, attempt)
        self._task = kinds.of(parts[:-1])._made(datastore, parts[:-1], attempt)

    @classmethod
    def _of(cls, task: Any, name: str) -> DataArtifact:
        artifact: DataArtifact = cls._made(task._datastore, (*task._parts, name), task._attempt)
        artifact._task = task
        return artifact

    @property
    def data(self) -> Any:
        """The value. Unpickling runs code from whoever wrote the datastore (docs/client.md, Trust)."""
        return internals.value(self._datastore, self._task, self.id)

    @property
    def size(self) -> int:
        """The size of the pickled value, in bytes."""
        return int(internals.entry(self._task, self.id)["size"])

    @property
    def sha(self) -> str:
        """The digest of the pickled value. Equal pickles have equal digests."""
        return str(internals.entry(self._task, self.id)["digest"])

    @property
    def created_at(self) -> Optional[datetime]:
        """The time at which its task ended, since artifacts are saved then."""
        return self.finished_at

    @property
    def finished_at(self) -> Optional[datetime]:
        return self._task.finished_at  # type: ignore[no-any-return]

    def _exists(self) -> bool:
        return internals.has(self._task._done, self.id)

    def _children(self) -> Iterator[Any]:
        return iter(())

    def _child(self, name: str) -> Any:
        raise KeyError(name)
