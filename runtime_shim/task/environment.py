"""The environment of a task: the interpreter, the kind of machine, and all installed distributions.

Records name it. `ROOT/FLOW/environments/DIGEST.json` is written once for each environment that a flow has run in
(docs/formats.md, Environments). Collecting it only reads names of folders: it takes less than a millisecond and imports
nothing.
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
    """Returns the environment of this process.

    Its keys are `version`, `python`, `implementation`, `platform`, `machine`, and `packages` (name → version).
    """
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return {
        "version": VERSION, "python": sys.version.split("\n")[0].strip(), "implementation": sys.implementation.name,
        "platform": sys.platform,
        "machine": machine, "packages": _installed(),
    }  # fmt: skip


def digest_of(environment: Environment) -> str:
    return str(sha256(_data(environment)).hexdigest())


def put(store: Store, flow: str, environment: Environment) -> str:
    """Writes the environment, unless it exists. Returns its digest. Raises StoreError."""
    data = _data(environment)
    digest = str(sha256(data).hexdigest())
    put_content(store, address.environment_name(flow, digest), data)
    return digest


class Noted:
    """The environment of a task.

    If writing takes time, it is collected while the step runs. It is not written if an input's record names it.
    """

    def __init__(self, store: Store, flow: str, written: Set[str]) -> None:
        self.store, self.flow, self.known = store, flow, written
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
            except RuntimeError:  # no more threads are available: `digest` does the work
                pass

    def digest(self) -> str:
        """Returns the object's digest, once it exists. Raises StoreError."""
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
        environment = here()
        digest = digest_of(environment)
        if digest not in self.known:
            put(self.store, self.flow, environment)
        self._digest = digest


def read(store: Store, flow: str, digest: str) -> Optional[Environment]:
    """Returns the environment that a record names; None if it does not exist. Raises ShimError."""
    from ..contract.errors import ShimError

    name = address.environment_name(flow, digest)
    data = store.get(name) if digest else None
    if data is None:
        return None
    try:
        environment: Environment = json_text.loads(data.decode())
        version = int(environment["version"])
    except (ValueError, KeyError, TypeError):
        raise ShimError(f"{name} in the datastore is damaged") from None
    if version > VERSION:
        raise ShimError(f"{name} has format {version}, but this flowc reads format {VERSION}: use a newer flowc")
    return environment


def _data(environment: Environment) -> bytes:
    return json_text.dumps(environment).encode("utf-8", "surrogatepass")


def _installed() -> Dict[str, str]:
    """Returns distributions by the names of their metadata folders. The first one on `sys.path` counts.

    See the Python packaging guide, Recording installed projects.
    """
    packages: Dict[str, str] = {}
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for folder_name in names:
            if folder_name.endswith((".dist-info", ".egg-info")):
                name, _, version = folder_name[: -len(".dist-info")].partition("-")
                if version:
                    packages.setdefault(
                        name.replace("_", "-").lower(),
                        version.partition("-py")[0] if folder_name.endswith(".egg-info") else version,
                    )
    return {name: packages[name] for name in sorted(packages)}
