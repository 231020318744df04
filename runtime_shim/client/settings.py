"""The datastore that the client reads, and the namespace it looks in (Metaflow's documentation, client API)."""

from __future__ import annotations

import os
import sys
from typing import Optional

from flowc.runtime_shim.api import running
from flowc.runtime_shim.contract.identity import user_name
from flowc.runtime_shim.store.default_folder import FOLDER, nearest

_metadata = ""  # URL of the store that the program chose
_namespace: Optional[str] = None
_namespace_is_set = False


def namespace(ns: Optional[str]) -> Optional[str]:
    """Limits the client to runs with this tag; None lifts the limit. Returns the namespace."""
    global _namespace, _namespace_is_set
    _namespace, _namespace_is_set = ns, True
    return ns


def get_namespace() -> Optional[str]:
    """Returns the current namespace."""
    return _namespace if _namespace_is_set else _own_namespace()


def default_namespace() -> Optional[str]:
    """Restores the initial namespace and returns it: the run's in a task, elsewhere `user:NAME`."""
    global _namespace_is_set
    _namespace_is_set = False
    return _own_namespace()


def _own_namespace() -> Optional[str]:
    own: Optional[str] = running.facts.get("namespace") if running.is_flow() else f"user:{user_name()}"
    return own


def metadata(ms: str) -> str:
    """Selects the datastore that the client reads, and returns the result of `get_metadata`.

    `ms` is a folder, a URL (`s3://…`), or `local@FOLDER`, which is how Metaflow writes a folder that contains the
    datastore. Raises ValueError if it cannot be a datastore.
    """
    global _metadata
    kind, at, rest = ms.partition("@")
    if at and kind == "local":
        ms = rest
    elif ms == "local":
        return default_metadata()
    elif kind in ("service", "spin") and (at or ms == kind):
        raise ValueError(
            f"flowc has no metadata {kind}: a run's metadata is in its datastore, so name that instead: a folder, or "
            "s3://BUCKET/PREFIX"
        )
    if "://" in ms:
        from flowc.runtime_shim.contract.errors import ShimError
        from flowc.runtime_shim.store import open_store

        try:
            open_store(ms)
        except ShimError as error:
            raise ValueError(str(error)) from None
        _metadata = ms
    else:
        folder = os.path.abspath(os.path.expanduser(ms))
        inner = os.path.join(folder, FOLDER)
        if not os.path.isdir(folder):
            raise ValueError(f"there is no folder {ms!r}, so it cannot hold a datastore")
        _metadata = inner if os.path.isdir(inner) else folder
    return get_metadata()


def get_metadata() -> str:
    """Returns the current datastore: its URL, or `local@FOLDER` for `FOLDER/.flowc`."""
    url = store_url()
    folder, name = os.path.split(url)
    return f"local@{folder}" if name == FOLDER and "://" not in url else url if "://" in url else f"local@{url}"


def default_metadata() -> str:
    """Restores the initial datastore and returns it."""
    global _metadata
    _metadata = ""
    return get_metadata()


def store_url() -> str:
    """Returns the datastore's URL or folder.

    It is the first of: the argument of `metadata`; FLOWC_STORE, which every task has; `.flowc` in the current folder or
    one above; `.flowc` beside the program's file. Without any, it is the `.flowc` that a run in the current folder
    would create.
    """
    if _metadata:
        return _metadata
    variable = os.environ.get("FLOWC_STORE", "")
    if variable:
        return variable if "://" in variable else os.path.abspath(variable)
    return nearest(os.getcwd()) or _beside_program() or os.path.join(os.getcwd(), FOLDER)


def _beside_program() -> str:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    folder = os.path.join(os.path.dirname(os.path.abspath(file)), FOLDER) if file else ""
    return folder if folder and os.path.isdir(folder) else ""
