"""Compressed blobs in object stores (docs/formats.md, Encoding).

The form is `FLOWCENC`, then the content's chunks, each compressed separately. The only codec is zlib: every Python has
it, so everyone who may read the store can. At its speed, it pays if it makes content much smaller, which a sample
tells.
"""

from __future__ import annotations

import os

from flowc.runtime_shim.artifacts.content import Damaged, digest_of
from flowc.runtime_shim.contract.digest import CHUNK
from flowc.runtime_shim.contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Protocol, Tuple

    from flowc.runtime_shim.artifacts.content import Content

    class Ranges(Protocol):
        def get_into(self, name: str, start: int, view: memoryview) -> Optional[Tuple[int, int]]:
            """Reads bytes into the memory.

            Returns (number of bytes, the object's length); None if there is no object.
            """


MAGIC = b"FLOWCENC"
VERSION = 1
ZLIB = 1
HEADER = 24  # bytes
WORTH = 2.0  # minimum compression ratio of a sample
SMALLEST = 256 << 10  # smallest content, in bytes, that is worth compressing
_SAMPLES, _SAMPLE = 16, 16 << 10
SMALLEST_PART = 5 << 20  # minimum size, in bytes, that S3 requires of every part of an upload but the last
WORKERS = 4  # each holds a part
_MOST = 16  # chunks of a part
_PLAIN, _PADDING = 1 << 31, 1 << 30  # flags in a length: the data is stored uncompressed; the data is padding


def pays(content: Content) -> float:
    """Returns the compression ratio of a sample of the content; 0 if compression is not worth it.

    FLOWC_COMPRESS=0 forbids compression.
    """
    if (
        content.size < SMALLEST
        or os.environ.get("FLOWC_COMPRESS") == "0"
        or bytes(content.part(0, 8)[0][:8]) == b"FLOWCPAK"
    ):
        return 0  # packs are read in ranges
    import zlib

    step = content.size // _SAMPLES
    before = after = 0
    for number in range(_SAMPLES):
        piece = b"".join(content.part(number * step, min(content.size, number * step + _SAMPLE)))
        before += len(piece)
        after += len(zlib.compress(piece, 1))
    return before / after if before >= WORTH * after else 0


class Encoded:
    """The encoded form, in parts that are each made when they are sent."""

    def __init__(self, content: Content, ratio: float) -> None:
        self.content = content
        self.together = min(_MOST, int(1.25 * ratio) + 1)  # chunks of a part
        self.count = -(-content.chunks // self.together)

    def part(self, number: int) -> Tuple[List[Any], str]:
        pieces: List[Any] = []
        if not number:
            pieces.append(
                MAGIC
                + VERSION.to_bytes(2, "little")
                + ZLIB.to_bytes(2, "little")
                + bytes(4)
                + self.content.size.to_bytes(8, "little")
            )
        for chunk in range(number * self.together, min(self.content.chunks, (number + 1) * self.together)):
            pieces += _packed(self.content.chunk(chunk))
        missing = SMALLEST_PART - sum(map(len, pieces))
        if missing > 0 and number < self.count - 1:
            pieces += [(missing | _PADDING).to_bytes(4, "little"), bytes(missing)]
        return pieces, digest_of(pieces, CHUNK).hex()


def _packed(parts: List[Any]) -> List[bytes]:
    """Returns a chunk, with its length before it."""
    import zlib

    packer = zlib.compressobj(1)
    packed = [packer.compress(part) for part in parts]
    packed.append(packer.flush())
    if sum(map(len, packed)) >= sum(map(len, parts)):
        return [(sum(map(len, parts)) | _PLAIN).to_bytes(4, "little"), *parts]
    return [sum(map(len, packed)).to_bytes(4, "little"), *packed]


def read(store: Ranges, name: str, first: bytes, total: int, view: memoryview) -> None:
    """Fills the memory with the content of an encoded object.

    The object has `total` bytes, and begins with `first`. Raises Damaged, ShimError.
    """
    if len(first) < HEADER:
        raise Damaged("it ends within its header")
    version, codec, size = (int.from_bytes(first[at:end], "little") for at, end in ((8, 10), (10, 12), (16, 24)))
    if version > VERSION or codec != ZLIB:
        raise ShimError(f"this flowc does not know its encoding ({version}, {codec}): use a newer flowc")
    if size != len(view):
        raise Damaged(f"it has {size} bytes, not {len(view)}")
    import zlib

    from .read_ahead import Ahead

    def fetch(start: int) -> bytes:
        piece = bytearray(min(CHUNK, total - start))
        got = store.get_into(name, start, memoryview(piece))
        if got is None or got[0] != len(piece):
            raise Damaged("it ends too early")
        return bytes(piece)

    starts = list(range(len(first), total, CHUNK))
    source = Ahead(fetch)
    source.start(starts[:4])
    rest, at, done = first[HEADER:], 0, 0
    while done < size:
        length = int.from_bytes(rest[:4], "little")
        stored = length & ~(_PLAIN | _PADDING)
        if len(rest) < 4 or len(rest) < 4 + stored:
            if at == len(starts):
                raise Damaged("it ends too early")
            rest += source.get(starts[at])
            at += 1
            source.start(starts[at + 3 : at + 4])
            continue
        if length & _PADDING:
            rest = rest[4 + stored :]
            continue
        try:
            plain = rest[4 : 4 + stored] if length & _PLAIN else zlib.decompress(rest[4 : 4 + stored])
        except zlib.error as error:
            raise Damaged(f"it cannot be decompressed: {error}") from None
        if len(plain) != min(CHUNK, size - done):
            raise Damaged("its parts have the wrong lengths")
        view[done : done + len(plain)] = plain
        done, rest = done + len(plain), rest[4 + stored :]
