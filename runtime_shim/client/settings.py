"""Which datastore the client reads, and which namespace it looks into (Metaflow's documentation, client API)."""

from __future__ import annotations

import os
import sys
from typing import Optional

from flowc.runtime_shim.api import running
from flowc.runtime_shim.contract.identity import user_name
from flowc.runtime_shim.store.default_folder import FOLDER, nearest

_metadata = ""  # a store's URL that the program asked for
_namespace: Optional[str] = None
_namespace_is_set = False


def namespace(ns: Optional[str]) -> Optional[str]:
    """From now on only runs with this tag are found; None: all runs. Returns the namespace."""
    global _namespace, _namespace_is_set
    _namespace, _namespace_is_set = ns, True
    return ns


def get_namespace() -> Optional[str]:
    """The namespace that holds now."""
    return _namespace if _namespace_is_set else _own_namespace()


def default_namespace() -> Optional[str]:
    """Goes back to the namespace that held at first, and returns it: in a task its run's, elsewhere `user:NAME`."""
    global _namespace_is_set
    _namespace_is_set = False
    return _own_namespace()


def _own_namespace() -> Optional[str]:
    found: Optional[str] = running.facts.get("namespace") if running.is_flow() else f"user:{user_name()}"
    return found


def metadata(ms: str) -> str:
    """From now on the client reads this datastore: a folder, a URL (`s3://…`), or `local@FOLDER` as Metaflow writes a folder that has the
    datastore in it. Returns what `get_metadata` returns then. Raises ValueError if it cannot be a datastore."""
    global _metadata
    kind, at, rest = ms.partition("@")
    if at and kind == "local":
        ms = rest
    elif ms == "local":
        return default_metadata()
    elif kind in ("service", "spin") and (at or ms == kind):
        raise ValueError(
            f"flowc has no metadata {kind}: a run's metadata is in its datastore, so give that: a folder, or s3://BUCKET/PREFIX"
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
            raise ValueError(f"there is no folder {ms!r}, and so no datastore in it")
        _metadata = inner if os.path.isdir(inner) else folder
    return get_metadata()


def get_metadata() -> str:
    """The datastore that is read now: its URL, or `local@FOLDER` for `FOLDER/.flowc`."""
    url = store_url()
    folder, name = os.path.split(url)
    return f"local@{folder}" if name == FOLDER and "://" not in url else url if "://" in url else f"local@{url}"


def default_metadata() -> str:
    """Goes back to the datastore that was read at first, and returns it."""
    global _metadata
    _metadata = ""
    return get_metadata()


def store_url() -> str:
    """The datastore's URL or folder, the first of: what `metadata` was given; FLOWC_STORE, which every task has; `.flowc` in the current folder or
    one above; `.flowc` beside the program's file. Without any it is the `.flowc` that a run in the current folder would make."""
    if _metadata:
        return _metadata
    given = os.environ.get("FLOWC_STORE", "")
    if given:
        return given if "://" in given else os.path.abspath(given)
    return nearest(os.getcwd()) or _beside_program() or os.path.join(os.getcwd(), FOLDER)


def _beside_program() -> str:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    found = os.path.join(os.path.dirname(os.path.abspath(file)), FOLDER) if file else ""
    return found if found and os.path.isdir(found) else ""
