"""Unpacks an environment's archive into a folder, checked while it is read, and completely or not at all.

Each chunk of the archive is compared with its digest before any of it is inflated. Files are written to a temporary
folder beside the final one, and renamed when all are written, so that a folder of the final name is always complete.
Several tasks may unpack at once. The first to rename wins, and the others use its folder.
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
    from typing import Any, Iterator, Tuple

    from ..store import Store
    from .description import Description

BLOCK = 512  # bytes of a tar's header; contents are padded to a multiple of it
AHEAD = 4  # chunks to fetch while one is unpacked


def unpack(store: Store, packages: Description, folder: str) -> None:
    """Unpacks the archive to the folder, unless it exists. Leaves nothing behind if it raises ShimError."""
    if os.path.isdir(folder):
        return
    above, name = os.path.split(folder)
    temporary = os.path.join(above, f".{name[:16]}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        os.makedirs(temporary)
        _extract(store, packages, temporary)
        try:
            os.rename(temporary, folder)
        except OSError:
            if not os.path.isdir(folder):  # unless another task was first
                raise
            _remove(temporary)
    except OSError as error:
        _remove(temporary)
        raise ShimError(
            f"cannot unpack the environment {packages.environment} to {folder}: {error.strerror or error}"
        ) from None
    except BaseException:
        _remove(temporary)
        raise


def _extract(store: Store, packages: Description, folder: str) -> None:
    prefix = f"opt/flowc/environments/{packages.environment.rpartition(':')[2]}/"
    content = _Inflated(_chunks(store, packages), packages)
    folders = set()
    count = 0
    try:
        for name, size, executable in _members(content, packages):
            path = _path(name, prefix, folder)
            above = os.path.dirname(path)
            if above not in folders:
                os.makedirs(above, exist_ok=True)
                folders.add(above)
            count += 1
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if executable else 0o644)
            try:
                for piece in content.pieces(size):
                    while piece:
                        piece = piece[os.write(file, piece) :]
            finally:
                os.close(file)
            content.skip(-size % BLOCK)
        content.finish()
    except (zlib.error, ValueError) as error:
        raise _damaged(packages, str(error)) from None
    except FileExistsError:
        raise _damaged(packages, "it holds a file twice") from None
    if count != packages.files:
        raise _damaged(packages, f"it holds {count} files, not {packages.files}")


def _members(content: _Inflated, packages: Description) -> Iterator[Tuple[str, int, bool]]:
    """Yields (name, size, is it executable) of each file. The caller must take the content before the next file.

    Reads the ustar header of POSIX.1-1988, and the extended header of POSIX.1-2001 for longer names: flowc's archives
    have nothing else. Python's `tarfile` takes half as long again.
    """
    long_name = ""
    while True:
        header = content.take(BLOCK)
        if not header.strip(b"\0"):
            return
        size = int(header[124:136].rstrip(b" \0") or b"0", 8)
        if int(header[148:156].strip(b" \0"), 8) != sum(header) - sum(header[148:156]) + 8 * 32:
            raise ValueError("it is no tar archive")
        kind, name, above = header[156:157], _field(header[:100]), _field(header[345:500])
        if kind == b"x" and size <= 1 << 16:
            long_name = _extended(content.take(size))
            content.skip(-size % BLOCK)
            continue
        name = long_name or (f"{above}/{name}" if above else name)
        if kind not in (b"0", b"\0"):
            raise _damaged(packages, f"{name!r} is not a file")
        yield name, size, int(header[100:108].rstrip(b" \0") or b"0", 8) & 0o111 != 0
        long_name = ""


def _field(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _extended(data: bytes) -> str:
    """Returns the path in an extended header, whose records are `LENGTH KEY=VALUE`."""
    path = ""
    while data:
        length = int(data.partition(b" ")[0])
        if not 0 < length <= len(data):
            raise ValueError("it is no tar archive")
        key, _, value = data[:length].partition(b" ")[2].rstrip(b"\n").partition(b"=")
        if key == b"path":
            path = value.decode("utf-8", "surrogateescape")
        data = data[length:]
    return path


def _path(name: str, prefix: str, folder: str) -> str:
    """Returns the path to write the member to. Raises ShimError for a name that is not below the folder."""
    parts = name[len(prefix) :].split("/")
    if not name.startswith(prefix) or any(part in ("", ".", "..") for part in parts) or "\0" in name:
        raise ShimError(f"the environment's archive holds {name!r}, which is not below {prefix}")
    return os.path.join(folder, *parts)


def _chunks(store: Store, packages: Description) -> Iterator[Any]:
    """Yields the archive in pieces that match their digests."""
    name = description.archive_name(packages.environment)
    pieces = []
    for at in range(0, packages.size, description.CHUNK):
        pieces.append((name, at, min(description.CHUNK, packages.size - at)))
    for number, (_, start, size) in enumerate(pieces):
        if number % AHEAD == 0 and store.remote:
            store.read_ahead(
                pieces[number : number + 2 * AHEAD] if number == 0 else pieces[number + AHEAD : number + 2 * AHEAD]
            )
        try:
            data = store.read_range(name, start, size)
        except Damaged as error:
            raise _damaged(packages, str(error)) from None
        if data is None:
            raise ShimError(f"{name} is not in the store {store.url}: make it with `flowc environment build`")
        if fast_sha256(data).hexdigest() != packages.chunks[number]:
            raise _damaged(packages, f"bytes {start} to {start + size} are not what was written")
        yield data


class _Inflated:
    """The archive's content, which can be read once. Each method raises ValueError if it ends before."""

    def __init__(self, chunks: Iterator[Any], packages: Description) -> None:
        self._chunks, self._found = chunks, packages
        self._unzip: Any = zlib.decompressobj(31)
        self._block = memoryview(b"")
        # bytes for the files and the tar's headers: stops a decompression bomb before it fills the disk
        self._left = packages.unpacked + 4096 * (packages.files + 16)

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yields the next `size` bytes, in pieces."""
        while size:
            if not self._block:
                self._more()
            piece = self._block[:size]
            self._block = self._block[len(piece) :]
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        return b"".join(self.pieces(size))

    def skip(self, size: int) -> None:
        for _ in self.pieces(size):
            pass

    def finish(self) -> None:
        """Reads the rest, so that every chunk has been checked."""
        while not self._unzip.eof:
            self._block = memoryview(b"")
            self._more(True)
        if self._unzip.unused_data or next(self._chunks, None) is not None:
            raise ValueError("data follows its end")

    def _more(self, may_end: bool = False) -> None:
        while not self._block:
            if self._unzip.eof:
                if may_end:
                    return
                raise ValueError("it ends too early")
            data = self._unzip.unconsumed_tail or next(self._chunks, None)
            if data is None:
                raise ValueError("it ends too early")
            self._block = memoryview(self._unzip.decompress(data, 1 << 20))
            self._left -= len(self._block)
            if self._left < 0:
                raise _damaged(self._found, "it holds more than its description states")


def _damaged(packages: Description, why: str) -> ShimError:
    name = description.archive_name(packages.environment)
    return ShimError(f"{name} in the datastore is damaged: {why}; delete it and its .json, and build it again")


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
