"""CRC-32 of large content: tells whether it came whole as its digest does, at two to ten times the speed.

Of content of more than one chunk it is the CRC-32 of its chunks' (4 bytes each, big-endian), so that threads can share the work; in hexadecimal,
as a digest is (docs/formats.md, Digests). It does not name anything: for that another content may not have it, whoever makes it.
Computed by zlib, or by the package zlib-ng where it is installed (`pip install 'flowc[s3]'`), which gives the same in a fifth of the time.
(Not by isal: it leaves the processor's vector registers in a state in which SHA-256 takes a third longer.)

The plain version is the content's digest, which every entry has: `read_blob` takes either. Deleting this file makes tasks check what they load at
1.4 GiB/s a core and not at 3.4 (`hashlib.sha256` and `zlib.crc32` of 32 MiB, by processor time), where processors have instructions for SHA-256;
at a tenth of the speed where they have none.
"""

from __future__ import annotations

from .threads import cores, for_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from ..artifacts.content import Content


def of(content: Content) -> str:
    found = [b""] * content.chunks

    def one(number: int) -> None:
        found[number] = leaf(content.chunk(number))

    for_each(len(found), one, cores())
    return joined(found)


def leaf(parts: List[Any]) -> bytes:
    """Of one chunk."""
    crc32 = _fast or _find()
    seen = 0
    for each in parts:
        seen = crc32(each, seen)
    return seen.to_bytes(4, "big")


_fast: Any = None


def _find() -> Any:
    """The function of zlib-ng; else zlib's, until that can be imported: what is fetched first may come before site-packages are there."""
    global _fast
    try:
        from zlib_ng.zlib_ng import crc32

        _fast = crc32
    except Exception:  # a module of the user's of that name, too
        from zlib import crc32
    return crc32


def joined(leaves: List[bytes]) -> str:
    return (leaves[0] if len(leaves) == 1 else leaf(leaves)).hex()
