"""Digests of content, made so that threads can share the work.

A digest is the sha256 of the content, or for several chunks the sha256 of the chunks' sha256 digests. The chunk is
always 8 MiB, since it is part of the meaning of a digest (docs/formats.md, Digests). S3's composite checksums have the
same form.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

CHUNK = 8 << 20  # bytes


def sha256(data: Any = b"") -> Any:
    """Returns a hash object for a few kilobytes at a time: the interpreter's own code, which needs no import."""
    return _small(data)


def fast_sha256(data: Any = b"") -> Any:
    """Returns a hash object for megabytes.

    It is OpenSSL's, which uses the processor's instructions and lets other threads run.
    """
    global _large
    if _large is None:
        try:
            from _hashlib import openssl_sha256 as _large
        except ImportError:
            _large = _small
    return _large(data)


def sha256_for(size: int) -> Any:
    """Returns the function that makes a hash object for `size` bytes: OpenSSL's once it is worth its import."""
    global _so_far
    _so_far += size
    return fast_sha256 if _so_far > _WORTH else sha256


_WORTH = 65536  # total bytes after which the faster code is imported
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
    """Returns the digest, in hexadecimal, of content that is in memory.

    >>> of(b"abc")
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    """
    view = memoryview(data).cast("B")
    if len(view) <= CHUNK:
        digest: str = sha256_for(len(view))(view).hexdigest()
        return digest
    return joined(leaves(view))


def leaves(view: memoryview) -> List[bytes]:
    """Returns the sha256 of each chunk."""
    digests = [fast_sha256(view[start : start + CHUNK]).digest() for start in range(0, len(view), CHUNK)]
    return digests or [sha256().digest()]


def joined(digests: List[bytes]) -> str:
    """Returns the digest, in hexadecimal, of content whose chunks have these digests (32 bytes each)."""
    digest: str = digests[0].hex() if len(digests) == 1 else sha256(b"".join(digests)).hexdigest()
    return digest
