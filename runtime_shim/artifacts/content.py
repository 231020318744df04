"""Converts a value to the bytes that are stored for it, and back (docs/formats.md, Content of an artifact).

Uses pickle protocol 5. Large buffers stay where they are in memory until they are written. On loading, they stay where
they were read or mapped. Nothing is copied. If the pickle itself is large, its bytes wait in a temporary file.
"""

from __future__ import annotations

import os

from ..contract.digest import CHUNK, joined, sha256_for
from ..contract.errors import ShimError
from ..fast_start.threads import cores, for_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple, Union

    # offset in the content, length, and the bytes or their position in the spool file
    Piece = Tuple[int, int, Union[memoryview, int]]

MAGIC = b"FLOWCART"
VERSION = 1
PROTOCOL = 5
HEADER = 64  # bytes
PAGE = 4096
BUFFER = 16 << 10  # bytes from which a buffer stays out of the pickle
LARGE = 1 << 20  # bytes from which content is a separate blob, with its buffers aligned to pages
SPOOL = 24 << 20  # bytes of pickle that are kept in memory
FLAT = 250_000  # items from which a collection may be pickled in pieces (flat_collections.py)
_COLLECTIONS = (list, tuple, set, dict)
_ALIGNED = 64  # in smaller content


_Pickler: Any = None  # imported on first use


class Damaged(ShimError):
    """Raised if content differs from what was written."""


def verifying() -> bool:
    """Returns True if stored content must be read before it is trusted, because damage was found in the datastore."""
    return os.environ.get("FLOWC_VERIFY") == "1"


class Content:
    """Bytes in pieces, split into chunks for several threads. Valid as long as the value is not changed."""

    __slots__ = ("size", "spool", "_pieces", "_digests")

    def __init__(self) -> None:
        self.size = 0
        self.spool: Optional[int] = None  # file descriptor
        self._pieces: List[Piece] = []
        self._digests: List[bytes] = []

    def __del__(self) -> None:
        if self.spool is not None:
            os.close(self.spool)

    def add(self, data: Union[bytes, memoryview]) -> None:
        view = memoryview(data).cast("B")
        if len(view):
            self._pieces.append((self.size, len(view), view))
            self.size += len(view)

    def add_spooled(self, start: int, length: int) -> None:
        self._pieces.append((self.size, length, start))
        self.size += length

    @property
    def chunks(self) -> int:
        return max(1, -(-self.size // CHUNK))

    def chunk(self, number: int) -> List[Any]:
        """Returns the parts of the chunk, in order, as bytes-like objects."""
        return self.part(number * CHUNK, min(self.size, (number + 1) * CHUNK))

    def part(self, start: int, end: int) -> List[Any]:
        if len(self._pieces) == 1 and not start and end == self.size and not isinstance(self._pieces[0][2], int):
            return [self._pieces[0][2]]
        parts: List[Any] = []
        for offset, length, source in self._pieces[self._first(start) :]:
            if offset >= end:
                break
            low, high = max(start, offset) - offset, min(end, offset + length) - offset
            if isinstance(source, int):
                assert self.spool is not None
                parts.append(os.pread(self.spool, high - low, source + low))
            else:
                parts.append(source[low:high])
        return parts

    def _first(self, start: int) -> int:
        """Returns the index of the piece that holds the byte at `start`."""
        low, high = 0, len(self._pieces)
        while low < high:
            middle = (low + high) // 2
            if self._pieces[middle][0] + self._pieces[middle][1] <= start:
                low = middle + 1
            else:
                high = middle
        return low

    def chunk_digests(self) -> List[bytes]:
        """Returns the sha256 of every chunk, computed once."""
        if not self._digests and self.size <= CHUNK:
            self._digests = [digest_of(self.part(0, self.size), self.size)]
        elif not self._digests:
            digests = [b""] * self.chunks

            def one(number: int) -> None:
                digests[number] = digest_of(self.chunk(number), self.size)

            for_each(len(digests), one, cores())
            self._digests = digests
        return self._digests

    @property
    def digest(self) -> str:
        return joined(self.chunk_digests())

    @property
    def is_hashed(self) -> bool:
        return bool(self._digests)

    def hashed(self, digests: List[bytes]) -> None:
        """Stores digests that were computed while the content was written."""
        self._digests = digests

    def bytes(self) -> bytes:
        if len(self._pieces) == 1 and not isinstance(self._pieces[0][2], int):
            return bytes(self._pieces[0][2])
        return b"".join(self.part(0, self.size))


def digest_of(parts: List[Any], size: int) -> bytes:
    """Returns the sha256 of the parts. `size`, in bytes, selects the faster implementation."""
    hasher = sha256_for(size)()
    for part in parts:
        hasher.update(part)
    digest: bytes = hasher.digest()
    return digest


def of(value: object) -> Content:
    """Returns the value's content. Raises whatever pickling raises."""
    data = Pickling().of(value)
    if isinstance(data, Content):
        return data
    content = Content()
    content.add(data)
    return content


class Pickling:
    """Pickles several values with one pickler, which halves the work for a small value."""

    __slots__ = ("_sink", "_buffers", "_dump", "_forget")

    def __init__(self) -> None:
        self._dump: Any = None

    def of(self, value: object) -> Union[bytes, Content]:
        """Returns the value's content: bytes if it is just a pickle smaller than LARGE.

        Raises whatever pickling raises.
        """
        if type(value) in _COLLECTIONS and len(value) >= FLAT:  # type: ignore[arg-type]
            from ..fast_start import flat_collections

            sink = _Sink()
            if flat_collections.pickle(value, sink.keep):
                return _framed(sink, []) if sink.size >= LARGE else sink.taken()
        dump = self._dump or self._begin()
        self._dump = None  # a pickler that failed on an earlier value is not reused
        dump(value)
        sink, buffers = self._sink, self._buffers
        if buffers or sink.size >= LARGE:
            return _framed(sink, buffers)
        self._forget()
        self._dump = dump
        return sink.taken()

    def _begin(self) -> Any:
        global _Pickler
        if _Pickler is None:
            from _pickle import Pickler as _Pickler
        buffers: List[Any] = []

        def keep(buffer: Any) -> bool:
            view = buffer.raw()
            if len(view) < BUFFER:
                return True  # into the pickle
            buffers.append(view)
            return False

        self._sink, self._buffers = _Sink(), buffers
        pickler = _Pickler(self._sink, PROTOCOL, buffer_callback=keep)
        self._forget = pickler.clear_memo
        return pickler.dump


def _framed(sink: _Sink, buffers: List[memoryview]) -> Content:
    """Returns content made of header, pickle, table of buffers, and the aligned buffers."""
    table_at = _up(HEADER + sink.size, 16)
    end = table_at + 16 * len(buffers)
    alignment = PAGE if end + sum(map(len, buffers)) >= LARGE else _ALIGNED
    table = b""
    for buffer in buffers:
        start = _up(end, alignment)
        table += _numbers(start, len(buffer))
        end = start + len(buffer)
    content = Content()
    content.add(
        MAGIC
        + VERSION.to_bytes(2, "little")
        + bytes(2)
        + len(buffers).to_bytes(4, "little")
        + _numbers(HEADER, sink.size, table_at, end)
        + bytes(16)
    )
    sink.pour(content)
    content.add(bytes(table_at - content.size))
    content.add(table)
    for buffer in buffers:
        content.add(bytes(_up(content.size, alignment) - content.size))
        content.add(buffer)
    return content


def check(head: memoryview, size: int) -> None:
    """Checks the header of content of `size` bytes that begins with `head`.

    Raises Damaged if the content is incomplete, as far as the header can tell, and ShimError for a newer version.
    """
    if bytes(head[:8]) != MAGIC or len(head) < HEADER:
        raise Damaged("it does not begin with flowc's header")
    version = int.from_bytes(head[8:10], "little")
    if version > VERSION:
        raise ShimError(f"it has format {version}, but this flowc reads format {VERSION}: use a newer flowc")
    if int.from_bytes(head[40:48], "little") != size:
        raise Damaged(f"it has {size} bytes, not {int.from_bytes(head[40:48], 'little')}")


def restore(data: Any) -> Any:
    """Returns the value whose content is `data`. Its buffers share the memory of `data`.

    Raises Damaged, and whatever unpickling raises.
    """
    from _pickle import loads

    view = memoryview(data)
    if bytes(view[:8]) != MAGIC:
        return loads(view)
    check(view[:HEADER], len(view))
    count = int.from_bytes(view[12:16], "little")
    pickle_at, pickle_size, table_at = (int.from_bytes(view[at : at + 8], "little") for at in (16, 24, 32))
    if not count and pickle_size >= SPOOL and hasattr(data, "madvise"):
        from _pickle import Unpickler

        return Unpickler(_Passing(data, pickle_at, pickle_at + pickle_size)).load()
    table = view[table_at : table_at + 16 * count]
    buffers = []
    for at in range(0, 16 * count, 16):
        start, length = int.from_bytes(table[at : at + 8], "little"), int.from_bytes(table[at + 8 : at + 16], "little")
        buffers.append(view[start : start + length])
    return loads(view[pickle_at : pickle_at + pickle_size], buffers=buffers)


def plain_pickle(data: Any) -> Optional[memoryview]:
    """Returns the pickle in the content `data`; None if the value has more than that. Raises Damaged."""
    view = memoryview(data)
    if bytes(view[:8]) != MAGIC:
        return view
    check(view[:HEADER], len(view))
    at, size = (int.from_bytes(view[start : start + 8], "little") for start in (16, 24))
    return None if int.from_bytes(view[12:16], "little") else view[at : at + size]


class _Passing:
    """A file for the unpickler over a large mapped pickle. It releases pages once they have been read.

    No part may be read twice.
    """

    def __init__(self, data: Any, start: int, end: int) -> None:
        self._data, self._view = data, memoryview(data)[:end]
        self._at, self._kept = start, 0  # position up to which pages were released

    def read(self, size: int) -> bytes:
        data = bytes(self._view[self._at : self._at + size])
        self._pass(len(data))
        return data

    def readinto(self, into: Any) -> int:
        view = self._view[self._at : self._at + len(into)]
        into[: len(view)] = view
        self._pass(len(view))
        return len(view)

    def readline(self) -> bytes:
        end = self._data.find(b"\n", self._at) + 1
        return self.read((end or len(self._view)) - self._at)

    def _pass(self, size: int) -> None:
        self._at += size
        if self._at - self._kept >= CHUNK:
            end = self._at // CHUNK * CHUNK  # a multiple of every page size
            try:
                self._data.madvise(_GIVE_BACK, self._kept, end - self._kept)
            except OSError:
                pass
            self._kept = end


_GIVE_BACK = 4  # MADV_DONTNEED, on every system that has it


class _Sink:
    """The file that the pickler writes to. It refers to the value's large `bytes` objects without copying them."""

    __slots__ = ("size", "_parts", "_mine", "_kept", "_spool")

    def __init__(self) -> None:
        self.size = 0
        self._parts: List[Union[bytes, int]] = []  # or the number of spooled bytes
        self._mine: List[int] = []  # indices of the parts that only the sink holds in memory
        self._kept = 0  # their bytes
        self._spool: Optional[int] = None

    def write(self, data: bytes) -> None:
        if len(data) < 131072 or self._is_text(data):
            self.keep(data)
        else:
            self.size += len(data)
            self._parts.append(data)

    def keep(self, data: bytes) -> None:
        """Writes data that only the sink holds in memory."""
        self._mine.append(len(self._parts))
        self._parts.append(data)
        self._kept += len(data)
        self.size += len(data)
        if self._kept >= SPOOL:
            self._spill()

    def _is_text(self, data: bytes) -> bool:
        """Returns True if `data` is the encoded form of a str, which the pickler made.

        Its opcode and length were written just before.
        """
        before = self._parts[-1] if self._parts else b""
        if isinstance(before, int) or type(data) is not bytes:
            return isinstance(before, int)
        return before[-5:-4] == b"X" if len(data) < 1 << 32 else before[-9:-8] == b"\x8d"

    def _spill(self) -> None:
        """Moves the parts that only the sink holds into an unnamed file."""
        try:
            if self._spool is None:
                import tempfile

                self._spool, path = tempfile.mkstemp(prefix="flowc-")
                os.unlink(path)
            for position in self._mine:
                data = self._parts[position]
                assert not isinstance(data, int)
                view = memoryview(data)
                while len(view):
                    view = view[os.write(self._spool, view) :]
                self._parts[position] = len(data)
        except OSError as error:
            raise ShimError(f"cannot write the temporary file that a large value needs: {error.strerror}") from None
        self._mine, self._kept = [], 0

    def taken(self) -> bytes:
        """Returns what was written, in one piece, and empties the sink. Must not be called after a spill."""
        parts = self._parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)  # type: ignore[arg-type]
        parts.clear()
        self._mine.clear()
        self.size = self._kept = 0
        return data  # type: ignore[return-value]

    def pour(self, content: Content) -> None:
        content.spool = self._spool
        start = 0
        for part in self._parts:
            if isinstance(part, int):
                content.add_spooled(start, part)
                start += part
            else:
                content.add(part)


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _numbers(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, "little") for number in numbers)
