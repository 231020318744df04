"""Artifacts: values to bytes and back, and the manifest of a task (name → entry).

A value is pickled with protocol 5. Small pickles live in the record itself, larger ones as blobs named by the sha256 of their content, shared
by all tasks that hold the same value. An entry is a JSON object: `digest`, `size` (bytes of the pickle), `type`, and `value` (base64) when inline.
"""

from __future__ import annotations

import base64
import hashlib
import io
import pickle
import types
from typing import Any, Dict

from . import address
from .errors import ShimError
from .store import Store

INLINE = 4096  # bytes of a pickle that still goes into the record
PROTOCOL = 5

Entry = Dict[str, Any]
Manifest = Dict[str, Entry]


class Unpicklable(Exception):
    """A value that cannot be saved; `args[0]` says which and why."""


def save(store: Store, flow: str, name: str, value: object) -> Entry:
    """Writes the value, if it is not there already, and returns its entry. Raises Unpicklable."""
    buffer = io.BytesIO()
    try:
        pickle.Pickler(buffer, protocol=PROTOCOL).dump(value)
    except Exception as error:  # whatever a user's __reduce__ raises
        kind = type_name(value)
        raise Unpicklable(f"artifact `{name}` of type {kind} cannot be saved: {type(error).__name__}: {error}") from error
    data = buffer.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    entry: Entry = {"digest": digest, "size": len(data), "type": type_name(value)}
    if len(data) <= INLINE:
        entry["value"] = base64.b64encode(data).decode()
    else:
        blob = address.blob_name(flow, digest)
        if not store.exists(blob):
            store.put_if_absent(blob, data)
    return entry


def load(store: Store, flow: str, name: str, entry: Entry) -> Any:
    """Returns the value. Raises ShimError if it is missing or damaged."""
    if "value" in entry:
        data = base64.b64decode(entry["value"])
    else:
        found = store.get(address.blob_name(flow, entry["digest"]))
        if found is None:
            raise ShimError(f"artifact `{name}` is missing in the datastore: blob {entry['digest']}")
        data = found
    if hashlib.sha256(data).hexdigest() != entry["digest"]:
        raise ShimError(f"artifact `{name}` is damaged in the datastore: blob {entry['digest']} has another content")
    return pickle.loads(data)


def is_saved(name: str, value: object) -> bool:
    """True for an attribute that becomes an artifact: not a function, and not named with two leading underscores."""
    return not name.startswith("__") and not isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.LambdaType))


def type_name(value: object) -> str:
    """`list`, `numpy.ndarray`: the type's qualified name, without `builtins`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
