"""CRC-32 of large content: like a digest, it tells whether content arrived complete, at two to ten times the speed.

For more than one chunk it is the CRC-32 of the chunks' CRC-32s (4 bytes each, big-endian), so that threads can share
the work. Like a digest it is in hexadecimal (docs/formats.md, Digests). It does not name content, since anybody could
make different content with the same CRC. zlib computes it, or the package zlib-ng where it is installed (`pip install
'flowc[s3]'`), which gives the same in a fifth of the time. (isal does not: it leaves the processor's vector registers
in a state in which SHA-256 takes a third longer.)

The plain version is the content's digest, which every entry has: `read_blob` takes either. Deleting this file makes
tasks check what they load at 1.4 GiB/s a core and not at 3.4 (`hashlib.sha256` and `zlib.crc32` of 32 MiB, by processor
time), where processors have instructions for SHA-256; at a tenth of the speed where they have none.
"""

from __future__ import annotations

from .threads import cores, for_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from ..artifacts.content import Content


def of(content: Content) -> str:
    leaves = [b""] * content.chunks

    def one(number: int) -> None:
        leaves[number] = leaf(content.chunk(number))

    for_each(len(leaves), one, cores())
    return joined(leaves)


def leaf(parts: List[Any]) -> bytes:
    """Returns the CRC-32 of one chunk."""
    crc32 = _fast or _find()
    value = 0
    for part in parts:
        value = crc32(part, value)
    return value.to_bytes(4, "big")


_fast: Any = None


def _find() -> Any:
    """Returns zlib-ng's function; zlib's until that can be imported.

    The first objects may be fetched before site-packages is set up.
    """
    global _fast
    try:
        from zlib_ng.zlib_ng import crc32

        _fast = crc32
    except Exception:  # the user may have a module of that name
        from zlib import crc32
    return crc32


def joined(leaves: List[bytes]) -> str:
    return (leaves[0] if len(leaves) == 1 else leaf(leaves)).hex()
