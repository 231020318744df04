"""Digests of content: sha256, or for more than one chunk the sha256 of the chunks' sha256 digests, so that threads can share the work.

The chunk is 8 MiB, for ever: it is part of what a digest means (docs/formats.md, Digests). It is also the form of S3's composite checksums.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

CHUNK = 8 << 20  # bytes


def sha256(data: Any = b"") -> Any:
    """A hash object, for a few kilobytes at a time: the interpreter's own code, which costs nothing to import."""
    return _small(data)


def fast_sha256(data: Any = b"") -> Any:
    """A hash object, for megabytes: OpenSSL's, which uses the processor's instructions and lets other threads run."""
    global _large
    if _large is None:
        try:
            from _hashlib import openssl_sha256 as _large
        except ImportError:
            _large = _small
    return _large(data)


def sha256_for(size: int) -> Any:
    """What makes a hash object for so many bytes: OpenSSL's once it is worth its import."""
    global _so_far
    _so_far += size
    return fast_sha256 if _so_far > _WORTH else sha256


_WORTH = 65536  # bytes in all after which the faster code is imported
_so_far = 0
_large: Any = None
try:
    if sys.version_info >= (3, 12):
        from _sha2 import sha256 as _small
    else:
        from _sha256 import sha256 as _small  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256 as _small


def of(data: Any) -> str:
    """The digest, in hexadecimal, of content that is in memory.

    >>> of(b"abc")
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    """
    view = memoryview(data).cast("B")
    if len(view) <= CHUNK:
        found: str = sha256_for(len(view))(view).hexdigest()
        return found
    return joined(leaves(view))


def leaves(view: memoryview) -> List[bytes]:
    """The sha256 of each chunk."""
    found = [fast_sha256(view[start : start + CHUNK]).digest() for start in range(0, len(view), CHUNK)]
    return found or [sha256().digest()]


def joined(digests: List[bytes]) -> str:
    """The digest of content whose chunks have these digests (each 32 bytes), in hexadecimal."""
    found: str = digests[0].hex() if len(digests) == 1 else sha256(b"".join(digests)).hexdigest()
    return found
