"""The folder with DAG files that an installation reads: on a disk, in a bucket, or in a working tree of git.

    /opt/airflow/dags         a folder that Airflow reads, or that is synchronized to it
    s3://BUCKET/dags          as Amazon MWAA has it; also gs://BUCKET/dags, as Cloud Composer has it, and az://
    git:/home/ada/pipelines   a folder in a working tree: a deploy commits the file, and pushes to the upstream branch

Files are written as a whole: no reader ever sees half of one.
"""

from __future__ import annotations

import os
import time

from flowc.compiler.fast_start.record import record
from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from flowc.runtime_shim.store import Store

    class Folder(Protocol):
        """A place for DAG files. Every method raises EngineError."""

        url: str

        def read(self, name: str) -> File | None:
            """Returns the file as readers of the folder have it, or None."""

        def write(self, name: str, text: str, what: str) -> None:
            """Writes or replaces the file. `what` says why, where there is a place for that."""

        def remove(self, name: str, what: str) -> None:
            """Removes the file, if it is there."""

        def refusal(self) -> str:
            """Returns what this process may not do in the folder, or ""."""


LEFT_OVER = 3600.0  # seconds after which an unfinished file is what a killed deploy has left


@record
class File:
    """A file of the folder."""

    text: str
    by: str = ""  # who wrote it last; "" if unknown
    at: str = ""  # when, in ISO 8601; "" if unknown


def opened(url: str) -> Folder:
    """Returns the folder. Raises EngineError for one that cannot be there."""
    if url.startswith("git:"):
        from .git_folder import GitFolder

        return GitFolder(os.path.abspath(os.path.expanduser(url[4:])))
    if "://" in url and not url.startswith("file://"):
        return ObjectFolder(url)
    return LocalFolder(os.path.abspath(os.path.expanduser(url.removeprefix("file://"))))


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, path: str) -> None:
        self.url = path
        if not os.path.isdir(path):
            raise EngineError(f"the folder of DAG files {path} does not exist", "create it, or correct `dags`")

    def read(self, name: str) -> File | None:
        path = os.path.join(self.url, name)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read()
            about = os.stat(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", path, error) from None
        return File(text, _user(about.st_uid), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(about.st_mtime)))

    def write(self, name: str, text: str, what: str) -> None:
        path = os.path.join(self.url, name)
        part = os.path.join(self.url, f".{name}.{os.getpid()}.part")  # not `.py`: Airflow does not read it
        try:
            self._clean(name)
            with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError as error:
            raise _failed("write", path, error) from None

    def remove(self, name: str, what: str) -> None:
        path = os.path.join(self.url, name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _failed("remove", path, error) from None

    def refusal(self) -> str:
        return "" if os.access(self.url, os.W_OK | os.X_OK) else f"write files in {self.url}"

    def _clean(self, name: str) -> None:
        for entry in os.scandir(self.url):
            if entry.name.startswith(f".{name}.") and entry.name.endswith(".part"):
                if time.time() - entry.stat().st_mtime > LEFT_OVER:
                    os.unlink(entry.path)


class ObjectFolder:
    """A prefix of a bucket, through the client that datastores have, with the same credentials."""

    def __init__(self, url: str) -> None:
        from flowc.runtime_shim.contract.errors import ShimError
        from flowc.runtime_shim.store import open_store

        self.url = url.rstrip("/")
        try:
            self._store: Store = open_store(self.url)
        except ShimError as error:
            raise EngineError(f"the folder of DAG files {url} cannot be opened: {error}") from None

    def read(self, name: str) -> File | None:
        from flowc.runtime_shim.contract.errors import ShimError

        try:
            data = self._store.get(name)
        except ShimError as error:
            raise EngineError(str(error)) from None
        return None if data is None else File(data.decode("utf-8", "surrogateescape"))

    def write(self, name: str, text: str, what: str) -> None:
        from flowc.runtime_shim.contract.errors import ShimError

        try:
            self._store.put(name, text.encode("utf-8", "surrogateescape"))
        except ShimError as error:
            raise EngineError(str(error)) from None

    def remove(self, name: str, what: str) -> None:
        from flowc.runtime_shim.contract.errors import ShimError

        try:
            self._store.delete(name)
        except ShimError as error:
            raise EngineError(str(error)) from None

    def refusal(self) -> str:
        return ""  # a bucket tells only when it is written to


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _failed(verb: str, path: str, error: OSError) -> EngineError:
    return EngineError(f"flowc cannot {verb} {path}: {os.strerror(error.errno or 0)}")
