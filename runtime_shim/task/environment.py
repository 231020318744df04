"""What a task ran with: the interpreter, the kind of machine, and every installed distribution, as an object of its own that records name.

`ROOT/FLOW/environments/DIGEST.json` is written once for each environment that a flow has run in (docs/formats.md, Environments). Finding it out
reads names of folders only: it costs less than a millisecond, and nothing is imported for it.
"""

from __future__ import annotations

import os
import sys

from ..contract import address
from ..contract.digest import sha256
from ..fast_start import json_text
from ..store import Store, put_content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Set

    Environment = Dict[str, Any]

VERSION = 1


def here() -> Environment:
    """The environment of this process: `python`, `implementation`, `platform`, `machine`, and `packages`, name → version."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return {
        "version": VERSION, "python": sys.version.split("\n")[0].strip(), "implementation": sys.implementation.name, "platform": sys.platform,
        "machine": machine, "packages": _installed(),
    }  # fmt: skip


def digest_of(found: Environment) -> str:
    return str(sha256(_data(found)).hexdigest())


def put(store: Store, flow: str, found: Environment) -> str:
    """Writes the environment, unless it is there; returns its digest. Raises StoreError."""
    data = _data(found)
    digest = str(sha256(data).hexdigest())
    put_content(store, address.environment_name(flow, digest), data)
    return digest


class Noted:
    """The environment of a task: found out while the step runs where writing it takes time, and not written where an input's record names it."""

    def __init__(self, store: Store, flow: str, known: Set[str]) -> None:
        self.store, self.flow, self.known = store, flow, known
        self._digest = ""
        self._error: Optional[BaseException] = None
        self._done: Any = None
        if store.remote:
            from _thread import allocate_lock, start_new_thread

            done = allocate_lock()
            done.acquire()
            try:
                start_new_thread(self._work, (done,))
                self._done = done
            except RuntimeError:  # no more threads to be had: `digest` does it
                pass

    def digest(self) -> str:
        """The object's name, once it is there. Raises StoreError."""
        if self._done is not None:
            self._done.acquire()
            self._done = None
        elif not self._digest:
            self._find()
        if self._error is not None:
            raise self._error
        return self._digest

    def _work(self, done: Any) -> None:
        try:
            self._find()
        except BaseException as error:
            self._error = error
        done.release()

    def _find(self) -> None:
        found = here()
        digest = digest_of(found)
        if digest not in self.known:
            put(self.store, self.flow, found)
        self._digest = digest


def read(store: Store, flow: str, digest: str) -> Optional[Environment]:
    """The environment that a record names; None if it is not there. Raises ShimError."""
    from ..contract.errors import ShimError

    name = address.environment_name(flow, digest)
    data = store.get(name) if digest else None
    if data is None:
        return None
    try:
        found: Environment = json_text.loads(data.decode())
        version = int(found["version"])
    except (ValueError, KeyError, TypeError):
        raise ShimError(f"{name} in the datastore is damaged") from None
    if version > VERSION:
        raise ShimError(f"{name} has format {version}, this flowc reads {VERSION}: use a newer flowc")
    return found


def _data(found: Environment) -> bytes:
    return json_text.dumps(found).encode("utf-8", "surrogatepass")


def _installed() -> Dict[str, str]:
    """Distributions by the names of their metadata folders (Python packaging guide, Recording installed projects); the first on `sys.path` counts."""
    found: Dict[str, str] = {}
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for each in names:
            if each.endswith((".dist-info", ".egg-info")):
                name, _, version = each[: -len(".dist-info")].partition("-")
                if version:
                    found.setdefault(
                        name.replace("_", "-").lower(),
                        version.partition("-py")[0] if each.endswith(".egg-info") else version,
                    )
    return {name: found[name] for name in sorted(found)}
