"""Unpacking an environment's archive into a folder: checked while it is read, and never half there.

Each chunk of the archive is compared with its digest before any of it is inflated. Files are written below a temporary
folder beside the final one, which takes its name when all of them are there: whoever finds a folder of that name finds
all of it. Several tasks may do so at once; the first to rename wins, and the others take its folder.
"""

from __future__ import annotations

import os
import zlib

from ..artifacts.content import Damaged
from ..contract.digest import fast_sha256
from ..contract.errors import ShimError
from . import description

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Optional

    from ..store import Store
    from .description import Description

AHEAD = 4  # chunks that are fetched while one is unpacked


def unpack(store: Store, found: Description, folder: str) -> None:
    """Makes the folder what the archive holds, unless it is there. Raises ShimError, and leaves nothing then."""
    if os.path.isdir(folder):
        return
    above, name = os.path.split(folder)
    made = os.path.join(above, f".{name[:16]}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        os.makedirs(made)
        _extract(store, found, made)
        try:
            os.rename(made, folder)
        except OSError:
            if not os.path.isdir(folder):  # unless another task was first
                raise
            _remove(made)
    except OSError as error:
        _remove(made)
        raise ShimError(
            f"the environment {found.environment} cannot be unpacked to {folder}: {error.strerror or error}"
        ) from None
    except BaseException:
        _remove(made)
        raise


def _extract(store: Store, found: Description, folder: str) -> None:
    import tarfile

    prefix = f"opt/flowc/environments/{found.environment.rpartition(':')[2]}/"
    reader = _Inflated(_chunks(store, found), found)
    count = 0
    try:
        with tarfile.open(fileobj=reader, mode="r|", bufsize=1 << 20) as archive:  # type: ignore[call-overload]
            for member in archive:
                path = _path(member.name, prefix, folder)
                if not member.isfile():
                    raise _damaged(found, f"{member.name!r} is no file")
                count += 1
                _write(archive.extractfile(member), path, member.mode & 0o111 != 0)
        reader.finish()
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise _damaged(found, str(error)) from None
    if count != found.files:
        raise _damaged(found, f"it holds {count} files, not {found.files}")


def _path(name: str, prefix: str, folder: str) -> str:
    """Where the member goes. Raises ShimError for a name that is not below the folder."""
    parts = name[len(prefix) :].split("/")
    if not name.startswith(prefix) or any(each in ("", ".", "..") for each in parts) or "\0" in name:
        raise ShimError(f"the environment's archive holds {name!r}, which is not below {prefix}")
    return os.path.join(folder, *parts)


def _write(source: Any, path: str, executable: bool) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if executable else 0o644)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if executable else 0o644)
    try:
        while True:
            data = source.read(1 << 20)
            if not data:
                return
            while data:
                data = data[os.write(file, data) :]
    finally:
        os.close(file)


def _chunks(store: Store, found: Description) -> Iterator[Any]:
    """Yields the archive in pieces that are what their digests say."""
    name = description.archive_name(found.environment)
    pieces = []
    for at in range(0, found.size, description.CHUNK):
        pieces.append((name, at, min(description.CHUNK, found.size - at)))
    for number, (_, start, size) in enumerate(pieces):
        if number % AHEAD == 0 and store.remote:
            store.read_ahead(
                pieces[number : number + 2 * AHEAD] if number == 0 else pieces[number + AHEAD : number + 2 * AHEAD]
            )
        try:
            data = store.read_range(name, start, size)
        except Damaged as error:
            raise _damaged(found, str(error)) from None
        if data is None:
            raise ShimError(f"{name} is not in the store {store.url}: make it with `flowc environment build`")
        if fast_sha256(data).hexdigest() != found.chunks[number]:
            raise _damaged(found, f"bytes {start} to {start + size} are not what was written")
        yield data


class _Inflated:
    """The archive's content as a file that can be read once."""

    def __init__(self, chunks: Iterator[Any], found: Description) -> None:
        self._chunks, self._found = chunks, found
        self._unzip: Any = zlib.decompressobj(31)
        self._ready = bytearray()
        # what the headers of the tar may take, beside the files: a bomb is stopped before it fills the disk
        self._left = found.unpacked + 4096 * (found.files + 16)

    def read(self, size: int) -> bytes:
        while len(self._ready) < size:
            data = self._more()
            if data is None:
                break
            self._ready += data
            self._left -= len(data)
            if self._left < 0:
                raise _damaged(self._found, "it holds more than it says")
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def finish(self) -> None:
        """Reads what is left, so that every chunk has been looked at.

        Raises ValueError if the archive ends too early.
        """
        while self.read(1 << 20):
            pass
        if not self._unzip.eof:
            raise ValueError("it ends too early")

    def _more(self) -> Optional[bytes]:
        if self._unzip.eof:
            return None
        tail = self._unzip.unconsumed_tail
        if not tail:
            tail = next(self._chunks, None)
            if tail is None:
                raise ValueError("it ends too early")
        return bytes(self._unzip.decompress(tail, 1 << 22))


def _damaged(found: Description, why: str) -> ShimError:
    name = description.archive_name(found.environment)
    return ShimError(f"{name} in the datastore is damaged: {why}; delete it and its .json, and build it again")


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
