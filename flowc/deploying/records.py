"""The records of deployments in the datastore (docs/formats.md, Deployments).

    FLOW/deployments/NAME/N.json         the Nth deployment; created if absent, so that one of two deployers is told
    FLOW/deployments/NAME/N.done.json    it is all in the engine
    FLOW/deployments/NAME/files/DIGEST   a file of a spec, by its content

A deployment is claimed by its record before anything is written to the engine, and done after. What is claimed and not
done is under way, or was cut off; the same deployment may then go on with it.
"""

from __future__ import annotations

import os
import time

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract import record as shim_record
from flowc.runtime_shim.contract.digest import sha256
from flowc.targets.target import SpecFile

from ..terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.store import Store

PATIENCE = 300.0  # seconds after which a deployment that is not done counts as cut off
DEPLOY, ROLLBACK, DELETE = "deploy", "rollback", "delete"


@record
class Entry:
    """One deployment of the history."""

    n: int
    data: dict[str, Any]
    done: bool

    @property
    def files(self) -> dict[str, str]:
        """Digests by file name."""
        return dict(self.data.get("files", {}))

    @property
    def by(self) -> str:
        return str(self.data.get("by", {}).get("user", ""))

    @property
    def at(self) -> float:
        return float(self.data.get("at", 0.0))


class Records:
    """The history of one deployment."""

    def __init__(self, store: Store, flow: str, key: str) -> None:
        self.store, self.flow, self.key = store, flow, key
        self.folder = f"{address.encoded(flow)}/deployments/{address.encoded(key)}/"
        self.url = f"{store.url.rstrip('/')}/{self.folder.rstrip('/')}"

    def numbers(self) -> list[int]:
        """Returns the numbers of all deployments, oldest first."""
        names = (name[len(self.folder) :] for name in self.store.list(self.folder))
        return sorted(int(name[: -len(".json")]) for name in names if name.endswith(".json") and name[:-5].isdigit())

    def entry(self, n: int) -> Entry | None:
        name = f"{self.folder}{n}.json"
        data = self.store.get(name)
        if data is None:
            return None
        return Entry(n, shim_record.loads(data, name), self.store.exists(f"{self.folder}{n}.done.json"))

    def history(self) -> list[Entry]:
        """Returns all deployments, newest first."""
        entries = (self.entry(n) for n in reversed(self.numbers()))
        return [entry for entry in entries if entry is not None]

    def last(self) -> tuple[Entry | None, Entry | None]:
        """Returns the newest deployment, and the newest that is done."""
        newest = None
        for n in reversed(self.numbers()):
            entry = self.entry(n)
            newest = newest or entry
            if entry is not None and entry.done:
                return newest, entry
        return newest, None

    def files(self, entry: Entry) -> tuple[SpecFile, ...]:
        """Returns the files that were deployed. Raises Failure for one that is missing or damaged."""
        files = []
        for name, digest in entry.files.items():
            data = self.store.get(f"{self.folder}files/{digest}")
            if data is None or sha256(data).hexdigest() != digest:
                raise Failure(f"deployment {entry.n}: its file {name} is missing or damaged in {self.url}")
            files.append(SpecFile(name, data.decode()))
        return tuple(files)

    def claim(self, n: int, data: dict[str, Any], files: tuple[SpecFile, ...]) -> Entry:
        """Writes the record of deployment `n`. Raises Failure if somebody else has just done that."""
        from flowc.runtime_shim.store import put_content

        digests = {}
        for file in files:
            content = file.text.encode()
            digests[file.name] = sha256(content).hexdigest()
            put_content(self.store, f"{self.folder}files/{digests[file.name]}", content)
        data = {"version": shim_record.VERSION, "n": n, "at": time.time(), **data, "files": digests}
        if not self.store.put_if_absent(f"{self.folder}{n}.json", shim_record.dumps(data)):
            other = self.entry(n)
            who = "" if other is None else f" by {other.by or 'somebody'}, {ago(other.at)}"
            raise Failure(f"it was deployed meanwhile as {n}{who}: run the same command again to see what has changed")
        return Entry(n, data, False)

    def finish(self, n: int) -> None:
        data = {"version": shim_record.VERSION, "n": n, "at": time.time()}
        self.store.put_if_absent(f"{self.folder}{n}.done.json", shim_record.dumps(data))


def digests_of(files: tuple[SpecFile, ...]) -> dict[str, str]:
    return {file.name: sha256(file.text.encode()).hexdigest() for file in files}


def author(engine_user: str) -> dict[str, Any]:
    """Returns who deploys."""
    import getpass
    import socket

    try:
        user = os.environ.get("FLOWC_USER") or os.environ.get("METAFLOW_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = ""
    by: dict[str, Any] = {"user": user, "host": socket.gethostname(), "pid": os.getpid()}
    if engine_user:
        by["engine"] = engine_user
    server, repository, run = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    ci = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else os.environ.get("CI_JOB_URL")
    if ci:
        by["ci"] = ci
    return by


def may_be_alive(entry: Entry) -> bool:
    """Returns True if a deployment that is not done may still be under way."""
    import socket

    by = entry.data.get("by", {})
    if by.get("host") == socket.gethostname():
        try:
            os.kill(int(by.get("pid", 0)), 0)
        except PermissionError:
            return True
        except (OSError, ValueError):
            return False
        return int(by["pid"]) != os.getpid()
    return time.time() - entry.at < PATIENCE


def ago(at: float) -> str:
    """Returns the time as people say it: `12 s ago`."""
    passed = max(0.0, time.time() - at)
    for unit, size in (("day", 86400), ("h", 3600), ("min", 60)):
        if passed >= size:
            count = int(passed // size)
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''} ago"
    return f"{int(passed)} s ago"
