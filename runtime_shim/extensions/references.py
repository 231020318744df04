"""References to saved checkpoints and models: dictionaries that flows keep as artifacts, and the objects they name.

The key of a reference, with `.json`, is the name of an object in the datastore: a record with the reference itself and
its files (`saved_files.py`). It is written last, as a whole, so a reader finds all of it or nothing.
"""

from __future__ import annotations

import time

from ..contract import record
from . import saved_files
from .exceptions import LoadingException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional, Union

    from ..store import Store
    from .saved_files import Saved

CHECKPOINT, MODEL = "checkpoint", "model"


class Artifact:
    """A reference as an object: the entries of the dictionary are its attributes."""

    TYPE = ""

    def __init__(self, **values: Any) -> None:
        self.__dict__["_values"] = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.__dict__["_values"].get(name)

    def to_dict(self) -> Dict[str, Any]:
        return {**self.__dict__["_values"], "type": self.TYPE}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


class CheckpointArtifact(Artifact):
    TYPE = CHECKPOINT


class ModelArtifact(Artifact):
    TYPE = MODEL


if TYPE_CHECKING:
    Reference = Union[str, Dict[str, Any], Artifact]


def artifact(values: Dict[str, Any]) -> Artifact:
    """Returns the reference as an object. Raises LoadingException for a dictionary that is not a reference."""
    kinds = {CHECKPOINT: CheckpointArtifact, MODEL: ModelArtifact}
    kind = kinds.get(values.get("type"))  # type: ignore[arg-type]
    if kind is None or not isinstance(values.get("key"), str):
        raise LoadingException("this dictionary is not a reference to a saved checkpoint or model")
    return kind(**values)


def key_of(reference: Any) -> str:
    """Returns the key. Raises LoadingException for a value that is not a reference."""
    if isinstance(reference, str):
        return reference
    if isinstance(reference, dict):
        return str(artifact(reference).key)
    if isinstance(reference, Artifact):
        return str(reference.key)
    raise LoadingException(
        f"a reference must be a key, a dictionary that `save` returned, or an object made of one, not "
        f"{type(reference).__name__}"
    )


def now() -> str:
    """Returns the local time as text, to the microsecond, as the extension writes it."""
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds)) + f".{int(seconds % 1 * 1e6):06d}"


def as_bytes(values: Dict[str, Any], saved: Saved, copies: Iterable[str] = ()) -> bytes:
    """Returns the record of a save. `copies` are the names of equal objects, which must be deleted with it."""
    return record.dumps({"version": record.VERSION, "reference": values, "saved": saved, "copies": list(copies)})


def read(store: Store, key: str) -> Optional[Dict[str, Any]]:
    """Returns the record of the save with this key: `reference`, `saved` and `copies`. None if there is none.

    Raises DamagedError, StoreError.
    """
    name = f"{key}.json"
    data = store.get(name) if "/" in key and not key.startswith("/") else None
    return None if data is None else record.loads(data, name)


def load(store: Store, reference: Reference, path: str) -> Artifact:
    """Writes the files of the checkpoint or model below `path`. Returns its reference. Raises LoadingException."""
    key = key_of(reference)
    found = read(store, key)
    if found is None:
        raise LoadingException(f"nothing is saved under the key {key!r}")
    saved_files.load(store, found["saved"], path)
    return artifact(found["reference"])


def described(store: Store, reference: Reference) -> Artifact:
    """Returns the reference as an object; that of a key is read. Raises LoadingException."""
    if isinstance(reference, Artifact):
        return reference
    if isinstance(reference, dict):
        return artifact(reference)
    found = read(store, key_of(reference))
    if found is None:
        raise LoadingException(f"nothing is saved under the key {reference!r}")
    return artifact(found["reference"])


def plain(value: Any) -> Any:
    """Returns the value as JSON can hold it. What it cannot hold becomes a text that says so."""
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else "<value cannot be JSON serialized>"


def here() -> Store:
    """Returns the datastore of this process: that of its task, or the one that the client reads."""
    from ..client.settings import store_url
    from ..store import open_store

    return open_store(store_url())


def load_model(reference: Reference, path: str) -> None:
    """Writes the files of a saved model or checkpoint below the folder `path`. Raises LoadingException."""
    if reference is None or path is None:
        raise ValueError("load_model needs a reference and a path")
    load(here(), reference, path)


def delete_model(reference: Reference) -> bool:
    """Deletes a saved model or checkpoint. Returns True. Raises LoadingException if it does not exist."""
    if reference is None:
        raise ValueError("delete_model needs a reference")
    store, key = here(), key_of(reference)
    found = read(store, key)
    if found is None:
        raise LoadingException(f"nothing is saved under the key {key!r}")
    for name in (*found.get("copies", ()), f"{key}.json"):
        store.delete(name)
    saved_files.delete(store, found["saved"])
    return True
