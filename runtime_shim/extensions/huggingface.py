"""`@huggingface_hub`: `current.huggingface_hub` downloads a repository once, and keeps it in the datastore.

The package `huggingface_hub` is the user's. What is kept is `…/huggingface/…/NAME.json` in the datastore; NAME is made
of the repository, its type, revision and patterns.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager

from ..contract import address
from . import references, saved_files
from .checkpoint import temporary_folder
from .references import CheckpointArtifact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from .checkpoints import Place

SHARED = "runtime/huggingface/"  # below no flow, for `cache_scope="global"`
_KEYS = ("revision", "allow_patterns", "ignore_patterns")


class CurrentHuggingfaceHub:
    """`current.huggingface_hub` of a step with `@huggingface_hub`."""

    def __init__(self, place: Place, cache_scope: str, temp_dir_root: Optional[str]) -> None:
        self._place, self._root = place, temp_dir_root
        flow = f"{address.encoded(place.flow)}/huggingface/"
        self._owner = "runtime" if cache_scope == "global" else place.flow
        self._prefix = {
            "checkpoint": f"{flow}step/{address.encoded(place.step)}/{place.scope}/{place.identity}/",
            "flow": f"{flow}flow/", "global": SHARED,
        }[cache_scope]  # fmt: skip
        self.loaded = LoadedRepositories()

    def snapshot_download(self, **arguments: Any) -> Dict[str, Any]:
        """Returns a reference to the repository in the datastore. It is downloaded if it is not there.

        The arguments are those of `huggingface_hub.snapshot_download`; `force_download` downloads in any case.
        """
        if "repo_id" not in arguments:
            raise ValueError("current.huggingface_hub.snapshot_download needs a repo_id")
        found = self._kept(arguments)
        if found is None:
            with temporary_folder(self._root, "metaflow_hf_") as folder:
                found = self._downloaded(folder, arguments)
        return found.to_dict()

    @contextmanager
    def load(
        self, repo_id: Optional[str] = None, path: Optional[str] = None, repo_type: str = "model", **arguments: Any
    ) -> Iterator[str]:
        """Yields a folder with the repository's files.

        It is `path`, or a temporary folder that is deleted at the end of the `with` statement.
        """
        if repo_id is None:
            raise ValueError("current.huggingface_hub.load needs a repo_id")
        everything = {**arguments, "repo_id": repo_id, "repo_type": repo_type or "model"}
        if path is not None:
            self._fetch(path, everything)
            yield path
            return
        with temporary_folder(self._root, "metaflow_hf_") as folder:
            self._fetch(folder, everything)
            yield folder

    def load_all(self, load: List[Tuple[Dict[str, Any], Optional[str]]]) -> None:
        """Fetches repositories, each given as arguments of `snapshot_download` and a path, if it has one."""
        for arguments, path in load:
            folder = None if path is not None else temporary_folder(self._root, "metaflow_hf_")
            target = str(path if folder is None else folder.name)
            found = self._fetch(target, arguments)
            self.loaded.add(arguments["repo_id"], target, found.to_dict(), folder)

    def _fetch(self, path: str, arguments: Dict[str, Any]) -> CheckpointArtifact:
        """Writes the repository's files below `path`, from the datastore or from the hub."""
        found = self._kept(arguments)
        if found is None:
            os.makedirs(path, exist_ok=True)
            return self._downloaded(path, arguments)
        references.load(self._place.store, found, path)
        return found

    def _key(self, arguments: Dict[str, Any]) -> str:
        import json

        parts = [arguments.get("repo_type") or "model", arguments["repo_id"]]
        parts += [[name, arguments[name]] for name in _KEYS if arguments.get(name) is not None]
        text = json.dumps(parts, default=str)
        return self._prefix + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def _kept(self, arguments: Dict[str, Any]) -> Optional[CheckpointArtifact]:
        if arguments.get("force_download"):
            return None
        found = references.read(self._place.store, self._key(arguments))
        return CheckpointArtifact(**found["reference"]) if found is not None else None

    def _downloaded(self, folder: str, arguments: Dict[str, Any]) -> CheckpointArtifact:
        """Downloads the repository into the folder, and keeps it in the datastore."""
        import huggingface_hub  # type: ignore[import-not-found]

        repo_id, repo_type = arguments["repo_id"], arguments.get("repo_type") or "model"
        given = {name: value for name, value in arguments.items() if name != "local_dir"}
        print(f"[@huggingface_hub] downloading {repo_id}", file=sys.stderr, flush=True)
        huggingface_hub.snapshot_download(**given, local_dir=folder)
        place, key = self._place, self._key(arguments)
        saved, size = saved_files.save(place.store, self._owner, folder, saved_files.FILES)
        values = {
            "size": size, "pathspec": place.pathspec, "attempt": place.attempt, "key": key,
            "type": references.CHECKPOINT, "url": f"{place.store.url}/{key}", "name": key.rpartition("/")[2],
            "created_on": references.now(),
            "metadata": {"repo_id": repo_id, "repo_type": repo_type, "registry": "huggingface"},
            "storage_format": saved_files.FILES, "creation_context": "task",
            "version_id": 0,
        }  # fmt: skip
        place.store.put(f"{key}.json", references.as_bytes(values, saved))
        return CheckpointArtifact(**values)


class LoadedRepositories:
    """`current.huggingface_hub.loaded`: the id of a repository → the folder with its files."""

    def __init__(self) -> None:
        self._paths: Dict[str, str] = {}
        self._info: Dict[str, Dict[str, Any]] = {}
        self._folders: List[Any] = []

    @property
    def info(self) -> Dict[str, Dict[str, Any]]:
        """The references, by the ids of the repositories."""
        return self._info

    def add(self, repo_id: str, path: str, reference: Dict[str, Any], folder: Any) -> None:
        self._paths[repo_id], self._info[repo_id] = path, reference
        if folder is not None:
            self._folders.append(folder)

    def __getitem__(self, repo_id: str) -> str:
        if repo_id not in self._paths:
            raise KeyError(f"{repo_id!r} is not loaded: write `@huggingface_hub(load=[{repo_id!r}])` above the step")
        return self._paths[repo_id]

    def __contains__(self, repo_id: object) -> bool:
        return repo_id in self._paths

    def cleanup(self) -> None:
        for folder in self._folders:
            folder.cleanup()
