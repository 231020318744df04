"""Hands objects from one task of a container to the next, without asking a remote datastore for them again.

What a task has saved or fetched is also kept in a private folder of the container, as far as it never changes:
records, artifacts, files and environments. A later task reads it there, in memory of its own, as it would have read it
from the datastore. The folder is bounded, since a container's disk is; the rest is fetched again.
"""

from __future__ import annotations

import os

from flowc.runtime_shim.artifacts.content import Damaged, verifying
from flowc.runtime_shim.contract.address import BadPath, checked, decoded
from flowc.runtime_shim.contract.errors import StoreError

from .folder import FolderStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, List, Optional, Tuple

    from flowc.runtime_shim.artifacts.content import Content

    from . import Store

MOST = 1 << 30  # most bytes that are kept, if a quarter of the free disk is not less
_UNIT = 4096  # bytes that one byte of the file USED stands for
_USED = "used"
_RUN = "run.json"


class HandedOver:
    """The store `inner`, with what tasks of this container have saved or fetched in `folder`."""

    remote = True

    def __init__(self, inner: Store, folder: str, most: int = MOST) -> None:
        self.inner, self.url = inner, inner.url
        self.folder, self.most = folder, most
        self.kept = FolderStore(os.path.join(folder, "objects"))

    def __getattr__(self, name: str) -> Any:
        """Returns what the store itself does, where nothing can be kept: lists, changes of objects that may change."""
        return getattr(self.inner, name)

    # ── small objects ───────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, name: str) -> Optional[bytes]:
        if not never_changes(name):
            return self.inner.get(name)
        data = self.kept.get(name)
        if data is None:
            data = self.inner.get(name)
            if data is not None:
                self._keep(name, data)
        return data

    def exists(self, name: str) -> bool:
        return (never_changes(name) and self.kept.exists(name)) or self.inner.exists(name)

    def size(self, name: str) -> Optional[int]:
        return self.inner.size(name)

    def put(self, name: str, data: bytes) -> None:
        self.inner.put(name, data)
        if never_changes(name):  # with few exceptions, such as run.json when an operator begins the run again
            self.kept.delete(name)
            self._keep(name, data)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        if never_changes(name) and self.kept.exists(name):
            return False
        is_new = self.inner.put_if_absent(name, data)
        if is_new and never_changes(name):
            self._keep(name, data)
        return is_new

    def delete(self, name: str) -> None:
        self.kept.delete(name)
        self.inner.delete(name)

    def fetch_ahead(self, names: List[str]) -> None:
        self.inner.fetch_ahead([name for name in names if not (never_changes(name) and self.kept.exists(name))])

    # ── artifacts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
        if verifying():
            self.inner.write_blob(content, name)
            return
        content.chunk_digests()
        target = name(content.digest)
        if self.kept.looks_whole(target, content.size, False):  # then the datastore has it too
            return
        self.inner.write_blob(content, name)
        if self._has_room(content.size):
            self._quietly(lambda: self.kept.write_blob(content, name))

    def read_blob(self, name: str, size: int, check: str) -> Any:
        data = self._read_kept(lambda: self.kept.read_blob(name, size, name.rpartition("/")[2]))
        if data is None:
            data = self.inner.read_blob(name, size, check)
            if data is not None:
                self._keep(name, data)
        return data

    def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
        part = _part(name, start, size)
        data: Optional[bytearray] = self._read_kept(lambda: self.kept.read_range(name, start, size))
        if data is None:
            data = self._read_kept(lambda: self.kept.read_range(part, 0, size))
        if data is None:
            data = self.inner.read_range(name, start, size)
            if data is not None:
                self._keep(part, data)
        return data

    def read_ahead(self, pieces: List[Tuple[Any, ...]]) -> None:
        self.inner.read_ahead([piece for piece in pieces if not self._has(*piece)])

    def _has(self, name: str, first: int, second: Any) -> bool:
        """Returns True if a piece, the arguments of `read_blob` or `read_range`, is kept."""
        return self.kept.exists(name) or (not isinstance(second, str) and self.kept.exists(_part(name, first, second)))

    # ── the folder ──────────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _read_kept(read: Callable[[], Any]) -> Any:
        """Returns what was kept; None if that is nothing, or damaged. With FLOWC_VERIFY=1 the datastore is read."""
        if verifying():
            return None
        try:
            return read()
        except (Damaged, StoreError):
            return None

    def _keep(self, name: str, data: Any) -> None:
        if not self.kept.exists(name) and self._has_room(len(data)):
            self._quietly(lambda: self.kept.put_if_absent(name, data))

    @staticmethod
    def _quietly(write: Callable[[], Any]) -> None:
        """Writes to the folder. An error, such as a full disk, only means that the object is not kept."""
        try:
            write()
        except (StoreError, OSError):
            pass

    def _has_room(self, size: int) -> bool:
        """Returns True if the object fits, and counts it. All processes append to one file, whose length is the sum."""
        units = size // _UNIT + 1
        try:
            disk = os.statvfs(self.folder)
            if size > disk.f_bavail * disk.f_frsize // 4:
                return False
            descriptor = os.open(os.path.join(self.folder, _USED), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if (os.fstat(descriptor).st_size + units) * _UNIT > self.most:
                    return False
                os.write(descriptor, b"+" * units)
            finally:
                os.close(descriptor)
        except OSError:
            return False
        return True


def never_changes(name: str) -> bool:
    """Returns True for an object that stays as it is while a container runs.

    >>> [never_changes(name) for name in ("F/runs/r/s/3.0.json", "F/runs/r/s/3.0.failure.json", "F/runs/r/s/-.0.log")]
    [True, False, False]
    >>> never_changes("F/runs/r/run.json"), never_changes("F/environments/ab.json"), never_changes("F/tags/r.1.json")
    (True, True, False)
    """
    parts = name.split("/")
    if len(parts) < 3 or parts[1] != "runs":
        return len(parts) > 2 and parts[1] in ("blobs", "files", "environments")
    if len(parts) == 4:
        return parts[3] == _RUN
    try:
        return len(parts) == 5 and parts[4].endswith(".json") and bool(checked(decoded(parts[4][: -len(".json")])))
    except (BadPath, ValueError):
        return False


def _part(name: str, start: int, size: int) -> str:
    """Returns the name under which a part of an object is kept."""
    return f"{name}~{start}-{size}"
