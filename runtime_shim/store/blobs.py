"""Blobs in object stores: written in parts and read in ranges by several threads, hashed on the way, compressed where that pays.

A store gives `size`, `get_into`, `put_parts`; see `s3.py`.
"""

from __future__ import annotations

from flowc.runtime_shim.artifacts.content import Damaged, digest_of, verifying
from flowc.runtime_shim.contract import digest as digests
from flowc.runtime_shim.contract.digest import CHUNK
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.fast_start.threads import for_each

from . import encoding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Protocol, Tuple

    from flowc.runtime_shim.artifacts.content import Content

    class Objects(Protocol):
        url: str

        def size(self, name: str) -> Optional[int]:
            """The object's length in bytes, None if there is no object."""

        def delete(self, name: str) -> None: ...

        def get_into(self, name: str, start: int, view: memoryview) -> Optional[Tuple[int, int]]:
            """Receives bytes into the memory; returns (their number, the object's length), None if there is no object."""

        def put_parts(self, name: str, count: int, part: Callable[[int], Tuple[List[Any], str]], workers: int) -> None:
            """Writes an object of `count` parts (bytes-like objects, and their sha256), up to `workers` at once."""


WORKERS = 8
SINGLE = 2 * CHUNK  # bytes up to which one request writes a blob, without asking first whether it is there
_PARTS = 1000  # parts of one chunk, then as many of two, of four, …: 10,000 parts hold eight terabytes


def write_blob(store: Objects, content: Content, name: Callable[[str], str]) -> None:
    """Writes the content as the object that `name` gives for its digest, unless it is there."""
    leaves = content.chunk_digests()
    target = name(content.digest)
    if verifying():
        try:
            if read_blob(store, target, content.size, content.digest) is not None:
                return
        except Damaged:
            store.delete(target)
    elif content.size > SINGLE and store.size(target) is not None:
        return
    ratio = encoding.pays(content)
    if ratio:
        encoded = encoding.Encoded(content, ratio)
        store.put_parts(target, encoded.count, encoded.part, encoding.WORKERS)
        return
    bounds = _bounds(content.size)

    def part(number: int) -> Tuple[List[Any], str]:
        start, end = bounds[number]
        parts = content.part(start, end)
        leaf = leaves[start // CHUNK] if end - start <= CHUNK and start % CHUNK == 0 else digest_of(parts, end - start)
        return parts, leaf.hex()

    store.put_parts(target, len(bounds), part, WORKERS)


def _bounds(size: int) -> List[Tuple[int, int]]:
    """(start, end) of the parts of an object."""
    if size <= SINGLE:
        return [(0, size)]
    found = []
    start, length = 0, CHUNK
    while start < size:
        found.append((start, min(size, start + length)))
        start += length
        if len(found) % _PARTS == 0:
            length *= 2
    return found


def read(store: Objects, name: str, first: int, second: Any) -> Any:
    """`read_blob(name, size, check)` or `read_range(name, start, size)`: a check is text."""
    return read_blob(store, name, first, second) if isinstance(second, str) else read_range(store, name, first, second)


def read_blob(store: Objects, name: str, size: int, check: str) -> Any:
    """Returns the content as memory of our own; None if there is no such object. Every byte is checked. Raises Damaged, StoreError.

    `check`: the content's digest, or its CRC-32: every core that hashes is one that does not receive.
    """
    leaf, joined = _checking(check, size)
    data = _memory(size)
    view = memoryview(data)
    first = store.get_into(name, 0, view[:CHUNK])
    if first is None:
        return None
    received, total = first
    if bytes(view[:8]) == encoding.MAGIC and received >= 8:
        encoding.read(store, name, bytes(view[:received]), total, view)
        leaves = [leaf([view[at : at + CHUNK]]) for at in range(0, size, CHUNK)]
    else:
        if total != size or received != min(size, CHUNK):
            raise Damaged(f"it has {total} bytes, not {size}")
        leaves = [b""] * max(1, -(-size // CHUNK))

        def one(number: int) -> None:
            piece = view[number * CHUNK : (number + 1) * CHUNK]
            if number:  # the first is there
                found = store.get_into(name, number * CHUNK, piece)
                if found is None or found[0] != len(piece):
                    raise Damaged("it ends too early")
            leaves[number] = leaf([piece])

        for_each(len(leaves), one, WORKERS)
    if joined(leaves) != check:
        raise Damaged("its content is not what its digest says")
    return data


def _checking(check: str, size: int) -> Tuple[Callable[[List[Any]], bytes], Callable[[List[bytes]], str]]:
    """What computes such a check: of one chunk, and of all chunks from these."""
    if len(check) == 64:
        return lambda parts: digest_of(parts, size), digests.joined
    from flowc.runtime_shim.fast_start import crc

    return crc.leaf, crc.joined


def read_range(store: Objects, name: str, start: int, size: int) -> Optional[bytearray]:
    """Returns a part of an object; None if there is no object. Raises Damaged if it ends before, StoreError."""
    data = bytearray(size)
    found = store.get_into(name, start, memoryview(data))
    if found is None:
        return None
    if found[0] != size:
        raise Damaged(f"it ends after {found[1]} bytes, not {start + size}")
    return data


def _memory(size: int) -> Any:
    """Memory of `size` bytes that nobody has touched yet."""
    if size < CHUNK:
        return bytearray(size)
    import mmap

    try:
        made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | getattr(mmap, "MAP_ANONYMOUS", mmap.MAP_ANON))
    except OSError as error:
        raise ShimError(f"there is no memory for {size} bytes: {error.strerror}") from None
    try:
        made.madvise(mmap.MADV_HUGEPAGE)  # page by page, the kernel takes longer to give the memory than to fill it
    except (AttributeError, OSError):  # another system, or a kernel without
        pass
    return made
