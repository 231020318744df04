"""A datastore in a folder. Objects appear whole or not at all: written beside their place, then linked (create) or renamed (replace)."""

from __future__ import annotations

import errno
import os

from flowc.runtime_shim.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Optional

_TEMPORARY = ".tmp-"  # no name of an object begins with a dot (address.encoded)
_count = 0


class FolderStore:
    """Safe for many processes on one machine, and on a shared file system with atomic `link`."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))
        self.url = self.folder

    def get(self, name: str) -> Optional[bytes]:
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {name} in {self.folder}: {error.strerror}") from None

    def put(self, name: str, data: bytes) -> None:
        self._write(name, data, os.replace)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        if os.path.exists(self._path(name)):
            return False
        return self._write(name, data, os.link)

    def exists(self, name: str) -> bool:
        return os.path.exists(self._path(name))

    def list(self, prefix: str) -> Iterator[str]:
        folder, _, start = prefix.rpartition("/")
        yield from sorted(each for each in self._walk(folder) if each.startswith(prefix) or not start)

    def _walk(self, folder: str) -> Iterator[str]:
        waiting = [folder]
        while waiting:
            inside = waiting.pop()
            try:
                entries = list(os.scandir(self._path(inside)))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise StoreError(f"cannot list {inside} in {self.folder}: {error.strerror}") from None
            for entry in entries:
                name = f"{inside}/{entry.name}" if inside else entry.name
                if entry.is_dir():
                    waiting.append(name)
                elif not entry.name.startswith(_TEMPORARY):
                    yield name

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, *name.split("/"))

    def _write(self, name: str, data: bytes, publish: object) -> bool:
        global _count
        path = self._path(name)
        folder = os.path.dirname(path)
        _count += 1
        temporary = os.path.join(folder, f"{_TEMPORARY}{os.getpid()}-{_count}-{os.urandom(4).hex()}")
        try:
            try:
                self._fill(temporary, data)
            except FileNotFoundError:
                os.makedirs(folder, exist_ok=True)
                self._fill(temporary, data)
            publish(temporary, path)  # type: ignore[operator]
            return True
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in (errno.EPERM, errno.ENOTSUP, errno.EMLINK) and publish is os.link:  # a file system without links
                return self._create_without_link(temporary, path)
            raise StoreError(f"cannot write {name} in {self.folder}: {error.strerror}") from None
        finally:
            if publish is os.link and os.path.exists(temporary):
                os.unlink(temporary)

    @staticmethod
    def _fill(temporary: str, data: bytes) -> None:
        with open(temporary, "xb") as file:
            file.write(data)

    @staticmethod
    def _create_without_link(temporary: str, path: str) -> bool:
        """A lock file makes the check and the rename one step, where links do not exist."""
        lock = f"{os.path.dirname(path)}/{_TEMPORARY}lock-{os.path.basename(path)}"
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        try:
            if os.path.exists(path):
                return False
            os.rename(temporary, path)
            return True
        finally:
            os.unlink(lock)
