"""`@model`: `current.model` saves models, and loads what artifacts refer to.

A model is `FLOW/models/ID.json` in the datastore, its key with `.json`.
"""

from __future__ import annotations

import os
import shutil
import sys

from ..contract import address
from . import references, saved_files
from .checkpoint import temporary_folder
from .exceptions import LoadingException
from .references import ModelArtifact
from .saved_files import TAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from ..store import Store
    from .references import Artifact, Reference


class LoadedModels:
    """`current.model.loaded`: the name of an artifact → the folder with the files that it refers to."""

    def __init__(self, store: Store, temp_dir_root: Optional[str]) -> None:
        self._store, self._root = store, temp_dir_root
        self._paths: Dict[str, str] = {}
        self._info: Dict[str, Dict[str, Any]] = {}
        self._folders: Dict[str, Any] = {}

    @property
    def info(self) -> Dict[str, Dict[str, Any]]:
        """The references of what was loaded, by the names of the artifacts, or by key if `load` was called."""
        return self._info

    def load_all(self, flow: Any, names: List[Tuple[str, Optional[str]]], best_effort: bool) -> None:
        """Loads what these artifacts refer to, each to its path if it has one. Raises LoadingException."""
        for name, path in names:
            try:
                value = getattr(flow, name, None)
                if value is None:
                    raise LoadingException("@model loads it, but it is not set")
                found = references.described(self._store, value)
                self._load(name, found, path)
            except LoadingException as error:
                if not best_effort:
                    raise LoadingException(f"artifact `{name}`: {error}") from None
                print(f"[@model] artifact `{name}` is not loaded: {error}", file=sys.stderr, flush=True)
            else:
                self._info[name] = found.to_dict()

    def add(self, reference: Reference, path: Optional[str]) -> str:
        """Loads one more, and returns its folder."""
        found = references.described(self._store, reference)
        self._load(found.key, found, path)
        self._info[found.key] = found.to_dict()
        return self._paths[found.key]

    def _load(self, name: str, found: Artifact, path: Optional[str]) -> None:
        if path is None:
            prefix = f"metaflow_models_{name}_" if name.isidentifier() else "metaflow_models_"
            self._folders[name] = temporary_folder(self._root, prefix)
            path = self._folders[name].name
        references.load(self._store, found, str(path))
        self._paths[name] = str(path)

    def __getitem__(self, name: str) -> str:
        if name not in self._paths:
            raise KeyError(f"{name!r} is not loaded: write `@model(load=[{name!r}])` above the step")
        return self._paths[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def cleanup(self, name: str) -> None:
        """Deletes the folder of one."""
        path = self[name]
        del self._paths[name]
        self._info.pop(name, None)
        if name in self._folders:
            self._folders.pop(name).cleanup()
        else:
            shutil.rmtree(path)

    def cleanup_all(self) -> None:
        for folder in self._folders.values():
            folder.cleanup()


class CurrentModel:
    """`current.model` of a step with `@model`."""

    def __init__(self, store: Store, pathspec: str, attempt: int, loaded: LoadedModels) -> None:
        self._store, self._pathspec, self._attempt, self.loaded = store, pathspec, attempt, loaded

    def save(
        self, path: Any, label: Optional[str] = None, metadata: Optional[Dict[str, Any]] = None,
        storage_format: str = TAR,
    ) -> Dict[str, Any]:  # fmt: skip
        """Saves a file or a folder. Returns its reference."""
        flow, _, step, _ = self._pathspec.split("/")
        uuid = f"{label or f'{flow}_{step}'}_{os.urandom(16).hex()}"
        saved, size = saved_files.save(self._store, flow, path, storage_format)
        key = f"{address.encoded(flow)}/models/{address.encoded(uuid)}"
        values = {
            "pathspec": self._pathspec, "attempt": self._attempt, "key": key, "created_on": references.now(),
            "type": references.MODEL, "url": f"{self._store.url}/{key}", "model_uuid": uuid,
            "metadata": references.plain(metadata or {}), "source": "task", "storage_format": storage_format,
            "serializer": storage_format,
            "label": label, "size": size,
        }  # fmt: skip
        self._store.put(f"{key}.json", references.as_bytes(values, saved))
        return ModelArtifact(**values).to_dict()

    def load(self, reference: Reference, path: Optional[str] = None) -> str:
        """Writes the files of a model or checkpoint to a folder, and returns its path."""
        if reference is None:
            raise ValueError("current.model.load needs a reference")
        return self.loaded.add(reference, path)
