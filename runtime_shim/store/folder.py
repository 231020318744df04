"""A datastore in a folder. Objects appear complete or not at all.

They are written to a temporary file beside their place, then linked (create) or renamed (replace). A killed process
leaves a temporary file that nobody reads. If the store is not durable, a power failure may leave a file with the right
name whose content never reached the disk. So a large file that is older than the machine's start is read in full before
it is trusted.
"""

from __future__ import annotations

import errno
import os
import time

from flowc.runtime_shim.artifacts.content import Damaged, digest_of, verifying
from flowc.runtime_shim.contract import digest as digests
from flowc.runtime_shim.contract.digest import CHUNK
from flowc.runtime_shim.contract.errors import StoreError
from flowc.runtime_shim.fast_start.threads import cores, for_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, List, Optional, Tuple

    from flowc.runtime_shim.artifacts.content import Content

_TEMPORARY = ".tmp-"  # no name of an object begins with a dot (address.encoded)
MAPPED = CHUNK  # size, in bytes, from which a blob is mapped instead of read
_WORKERS = 8
_count = 0


class FolderStore:
    """A store that is safe for many processes on one machine, and on a shared file system with atomic `link`.

    With `durable`, a write has reached the disk before it is reported (fsync of the file and its folder). This is meant
    for folders that other machines share. Without it a power failure may lose the last writes, but it never causes a
    wrong value (docs/formats.md, Durability).
    """

    remote = False

    def __init__(self, folder: str, durable: bool = False) -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))
        self.url = self.folder
        self.durable = durable

    # ── small objects ───────────────────────────────────────────────────────────────────────────────────────────────

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

    def append(self, name: str, data: bytes) -> None:
        """Appends to an object that one process writes and others read while it grows: a log."""
        try:
            descriptor = os.open(self._path(name), os.O_WRONLY | os.O_APPEND)
            try:
                view = memoryview(data)
                while len(view):
                    view = view[os.write(descriptor, view) :]
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(f"cannot write {name} in {self.folder}: {error.strerror}") from None

    def put_if_absent(self, name: str, data: bytes) -> bool:
        if os.path.exists(self._path(name)):
            return False
        return self._write(name, data, os.link)

    def exists(self, name: str) -> bool:
        return os.path.exists(self._path(name))

    def size(self, name: str) -> Optional[int]:
        try:
            return os.path.getsize(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {name} in {self.folder}: {error.strerror}") from None

    def list(self, prefix: str) -> Iterator[str]:
        folder, _, start = prefix.rpartition("/")
        yield from sorted(name for name in self._walk(folder) if name.startswith(prefix) or not start)

    def fetch_ahead(self, names: List[str]) -> None:
        """Does nothing, since files can be read at once."""

    def read_ahead(self, pieces: List[Any]) -> None:
        """Does nothing, since files can be mapped at once."""

    def close(self) -> None:
        pass

    def folders(self, prefix: str) -> Iterator[str]:
        try:
            entries = [
                entry.name
                for entry in os.scandir(self._path(prefix.rstrip("/")))
                if entry.is_dir() and not entry.name.startswith(_TEMPORARY)
            ]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StoreError(f"cannot list {prefix} in {self.folder}: {error.strerror}") from None
        yield from sorted(entries)

    def entries(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
        return self._with_status(self._walk(prefix.rstrip("/")))

    def leftovers(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
        """Yields temporary files. Their handles are their names."""
        return self._with_status(self._walk(prefix.rstrip("/"), temporary=True))

    def delete_leftover(self, handle: str) -> None:
        self.delete(handle)

    def _with_status(self, names: Iterator[str]) -> Iterator[Tuple[str, int, float]]:
        for name in names:
            try:
                status = os.stat(self._path(name))
            except FileNotFoundError:
                continue
            yield name, status.st_size, status.st_mtime

    def delete(self, name: str) -> None:
        """Deletes the object, and the folders that this empties."""
        path = self._path(name)
        try:
            os.unlink(path)
            while (path := os.path.dirname(path)) != self.folder:
                os.rmdir(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise StoreError(f"cannot delete {name} in {self.folder}: {error.strerror}") from None

    # ── blobs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
        """Writes the content as the object that `name` returns for its digest, unless it exists.

        The same threads hash and write it.
        """
        if content.is_hashed or content.size <= CHUNK:
            target = name(content.digest)
            if self._is_whole(self._path(target), content.size) and self._is_believed(target, content):
                return
            folder = os.path.dirname(self._path(target))
        else:
            folder = os.path.dirname(os.path.dirname(self._path(name("0" * 64))))
        temporary = self._temporary(folder)
        try:
            descriptor = self._create(temporary, folder)
            try:
                self._fill_in_threads(descriptor, content, self.durable)
                if self.durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path = self._path(name(content.digest))
            if not self._is_whole(path, content.size) or not self._is_believed(name(content.digest), content):
                self._make_folder(os.path.dirname(path))
                os.replace(temporary, path)  # the content is the same, whoever is first
                self._sync(os.path.dirname(path))
        except OSError as error:
            raise StoreError(
                f"cannot write {content.size} bytes of an artifact in {self.folder}: {error.strerror}"
            ) from None
        finally:
            _remove(temporary)

    @staticmethod
    def _fill_in_threads(descriptor: int, content: Content, durable: bool) -> None:
        hashes: List[bytes] = [] if content.is_hashed else [b""] * content.chunks

        def one(number: int) -> None:
            parts = content.chunk(number)
            if len(parts) > 64:  # a pack: one system call is cheaper than many
                parts = [b"".join(parts)]
            if hashes:
                hashes[number] = digest_of(parts, content.size)
            _write_all(descriptor, parts, number * CHUNK)
            if durable and hasattr(os, "posix_fadvise"):  # the disk starts at once, instead of when fsync is called
                os.posix_fadvise(descriptor, number * CHUNK, CHUNK, os.POSIX_FADV_DONTNEED)

        for_each(content.chunks, one, min(_WORKERS, cores()))
        if hashes:
            content.hashed(hashes)

    def read_blob(self, name: str, size: int, digest: str) -> Any:
        """Returns the content in writable memory that is separate from the file; None if there is no such object.

        Content of MAPPED bytes or more is mapped, and pages are read when they are touched. The size is always checked.
        The digest is checked if the content is read at once, or if a crash of the machine may have torn the file.
        Raises Damaged, StoreError.
        """
        path = self._path(name)
        try:
            with open(path, "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                if status.st_size != size:
                    raise Damaged(f"it has {status.st_size} bytes, not {size}")
                data = _mapped(file.fileno(), size) if size >= MAPPED else None
                if data is not None and status.st_mtime >= _machine_start():
                    return data
                if data is None:
                    data = bytearray(size)
                    view = memoryview(data)
                    at = 0
                    while at < size:
                        got = file.readinto(view[at:])
                        if not got:
                            raise Damaged(f"it ends after {at} of {size} bytes")
                        at += got
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {name} in {self.folder}: {error.strerror}") from None
        if _digest_in_threads(data, size) != digest:
            raise Damaged("its content does not match its digest")
        if size >= MAPPED:
            try:
                os.utime(path)  # marks it as checked until the machine restarts
            except OSError:
                pass
        return data

    def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
        """Returns a part of an object; None if there is none.

        Raises StoreError, and Damaged if the object ends too early.
        """
        try:
            with open(self._path(name), "rb", buffering=0) as file:
                file.seek(start)
                data = bytearray(size)
                at = file.readinto(data) if size else 0
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {name} in {self.folder}: {error.strerror}") from None
        if at != size:
            raise Damaged(f"it ends after {start + (at or 0)} bytes, not {start + size}")
        return data

    def looks_whole(self, name: str, size: int, at_least: bool) -> bool:
        return self._is_whole(self._path(name), size, at_least)

    def _is_believed(self, name: str, content: Content) -> bool:
        """Returns False if the content was compared and differs."""
        if not verifying():
            return True
        with open(self._path(name), "rb", buffering=0) as file:
            data = _mapped(file.fileno(), content.size) if content.size else b""
            return _digest_in_threads(file.read() if data is None else data, content.size) == content.digest

    @staticmethod
    def _is_whole(path: str, size: int, at_least: bool = False) -> bool:
        """Returns False for a missing or different file, and for one that a power failure may have torn.

        Such a file is written again.
        """
        try:
            status = os.stat(path)
        except OSError:
            return False
        return (status.st_size == size or (at_least and status.st_size > size)) and status.st_mtime >= _machine_start()

    # ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _walk(self, folder: str, temporary: bool = False) -> Iterator[str]:
        """Yields the names of objects, or of temporary files, in the folder and those below it."""
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
                elif entry.name.startswith(_TEMPORARY) is temporary:
                    yield name

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, *name.split("/"))

    @staticmethod
    def _temporary(folder: str) -> str:
        global _count
        _count += 1
        return os.path.join(folder, f"{_TEMPORARY}{os.getpid()}-{_count}-{os.urandom(4).hex()}")

    def _create(self, temporary: str, folder: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            return os.open(temporary, flags, 0o666)
        except FileNotFoundError:
            self._make_folder(folder)
            return os.open(temporary, flags, 0o666)

    def _make_folder(self, folder: str) -> None:
        if not self.durable:
            os.makedirs(folder, exist_ok=True)
            return
        missing = []
        while folder and not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for parent in reversed(missing):
            os.makedirs(parent, exist_ok=True)
            self._sync(os.path.dirname(parent))

    def _sync(self, folder: str) -> None:
        """Flushes names in the folder to the disk."""
        if self.durable:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _write(self, name: str, data: bytes, publish: Any) -> bool:
        path = self._path(name)
        folder = os.path.dirname(path)
        temporary = self._temporary(folder)
        try:
            descriptor = self._create(temporary, folder)
            try:
                _write_all(descriptor, [data], 0)
                if self.durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            try:
                publish(temporary, path)
            except FileExistsError:
                self._sync(folder)  # whoever was first may not have synced yet
                return False
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK) or publish is not os.link:
                    raise
                return self._create_without_link(temporary, path)  # a file system without links
            self._sync(folder)
            return True
        except OSError as error:
            raise StoreError(f"cannot write {name} in {self.folder}: {error.strerror}") from None
        finally:
            if publish is os.link or os.path.exists(temporary):
                _remove(temporary)

    def _create_without_link(self, temporary: str, path: str) -> bool:
        """Checks and renames in one step under a lock, where links do not exist. The lock ends with its process."""
        import fcntl

        folder = os.path.dirname(path)
        lock = os.path.join(folder, f"{_TEMPORARY}lock-{os.path.basename(path)}")
        descriptor = os.open(lock, os.O_CREAT | os.O_WRONLY, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.exists(path):
                return False
            os.rename(temporary, path)
            self._sync(folder)
            _remove(lock)  # whoever waits for the lock will find the object
            return True
        finally:
            os.close(descriptor)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _write_all(descriptor: int, parts: List[Any], at: int) -> None:
    """Writes the parts one after another, from offset `at` on."""
    for part in parts:
        view = memoryview(part)
        while len(view):
            written = os.pwrite(descriptor, view, at)
            view, at = view[written:], at + written


def _mapped(descriptor: int, size: int) -> Any:
    """Returns the file as private copy-on-write memory; None if the process has no more maps or descriptors."""
    import mmap

    flags = mmap.MAP_PRIVATE | getattr(mmap, "MAP_NORESERVE", 0)
    try:
        return mmap.mmap(descriptor, size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    except OSError:
        return None


def _digest_in_threads(data: Any, size: int) -> str:
    if size <= CHUNK:
        return digests.of(data)
    view = memoryview(data)
    leaves = [b""] * -(-size // CHUNK)

    def one(number: int) -> None:
        leaves[number] = digest_of([view[number * CHUNK : (number + 1) * CHUNK]], size)

    for_each(len(leaves), one, cores())
    return digests.joined(leaves)


def _machine_start() -> float:
    """Returns when the machine started, in seconds since 1970, rather a little late than early."""
    clock = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)
    try:
        return time.time() - time.clock_gettime(clock) + 1 if clock is not None else float("inf")
    except OSError:  # Python as WebAssembly
        return float("inf")
