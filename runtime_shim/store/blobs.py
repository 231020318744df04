"""Blobs in object stores: several threads write them in parts, and read them in ranges.

They are hashed on the way, and compressed if it pays. A store provides `size`, `get_into` and `put_parts`; see `s3.py`.
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
            """Returns the object's length in bytes; None if there is no object."""

        def delete(self, name: str) -> None: ...

        def get_into(self, name: str, start: int, view: memoryview) -> Optional[Tuple[int, int]]:
            """Reads bytes into the memory.

            Returns (number of bytes, the object's length); None if there is no object.
            """

        def put_parts(self, name: str, count: int, part: Callable[[int], Tuple[List[Any], str]], workers: int) -> None:
            """Writes an object of `count` parts (bytes-like objects, and their sha256), up to `workers` at once."""


WORKERS = 8
SINGLE = 2 * CHUNK  # largest blob, in bytes, that one request writes without asking first if it exists
_PARTS = 1000  # number of parts of one chunk, then of two, of four, …: 10,000 parts hold eight terabytes


def write_blob(store: Objects, content: Content, name: Callable[[str], str]) -> None:
    """Writes the content as the object that `name` returns for its digest, unless it exists."""
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
    """Returns (start, end) of the parts of an object."""
    if size <= SINGLE:
        return [(0, size)]
    bounds = []
    start, length = 0, CHUNK
    while start < size:
        bounds.append((start, min(size, start + length)))
        start += length
        if len(bounds) % _PARTS == 0:
            length *= 2
    return bounds


def read(store: Objects, name: str, first: int, second: Any) -> Any:
    """Calls `read_blob(name, size, check)` or `read_range(name, start, size)`, depending on the type of `second`."""
    return read_blob(store, name, first, second) if isinstance(second, str) else read_range(store, name, first, second)


def read_blob(store: Objects, name: str, size: int, check: str) -> Any:
    """Returns the content in new memory; None if there is no such object.

    Checks every byte. Raises Damaged, StoreError.

    `check` is the content's digest or its CRC-32. A core that hashes cannot receive at the same time.
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
            if number:  # the first has been read
                answer = store.get_into(name, number * CHUNK, piece)
                if answer is None or answer[0] != len(piece):
                    raise Damaged("it ends too early")
            leaves[number] = leaf([piece])

        for_each(len(leaves), one, WORKERS)
    if joined(leaves) != check:
        raise Damaged("its content does not match its digest")
    return data


def _checking(check: str, size: int) -> Tuple[Callable[[List[Any]], bytes], Callable[[List[bytes]], str]]:
    """Returns the functions that compute a check: of one chunk, and of all chunks from these."""
    if len(check) == 64:
        return lambda parts: digest_of(parts, size), digests.joined
    from flowc.runtime_shim.fast_start import crc

    return crc.leaf, crc.joined


def read_range(store: Objects, name: str, start: int, size: int) -> Optional[bytearray]:
    """Returns a part of an object; None if there is no object.

    Raises StoreError, and Damaged if the object ends too early.
    """
    data = bytearray(size)
    received = store.get_into(name, start, memoryview(data))
    if received is None:
        return None
    if received[0] != size:
        raise Damaged(f"it ends after {received[1]} bytes, not {start + size}")
    return data


def _memory(size: int) -> Any:
    """Returns `size` bytes of untouched memory."""
    if size < CHUNK:
        return bytearray(size)
    import mmap

    try:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | getattr(mmap, "MAP_ANONYMOUS", mmap.MAP_ANON))
    except OSError as error:
        raise ShimError(f"cannot allocate {size} bytes of memory: {error.strerror}") from None
    try:
        memory.madvise(mmap.MADV_HUGEPAGE)  # the kernel takes longer to provide the memory page by page than to fill it
    except (AttributeError, OSError):  # a different system, or a kernel without huge pages
        pass
    return memory
