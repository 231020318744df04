"""Code packages in the container: fetched by digest, checked, unpacked (docs/shim.md, Code package)."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zlib

from . import address
from .errors import ShimError
from .store import Store

MAX_BYTES = 1 << 30  # unpacked; a package is source text


def put(store: Store, flow: str, digest: str, compressed: bytes) -> None:
    """Writes the package into the store, if it is absent."""
    store.put_if_absent(address.code_name(flow, digest), compressed)


def fetch(store: Store, flow: str, digest: str, folder: str) -> None:
    """Unpacks the package into the new folder. Raises ShimError if it is missing, or not what its digest says."""
    name = address.code_name(flow, digest)
    compressed = store.get(name)
    if compressed is None:
        raise ShimError(f"the code package {name} is not in the store {store.url}: upload it before the run")
    unpack(expand(compressed, digest), folder)


def expand(compressed: bytes, digest: str) -> bytes:
    """Returns the package's tar. Raises ShimError if its content is not what the digest says."""
    unzip = zlib.decompressobj(31)
    try:
        tar = unzip.decompress(compressed, MAX_BYTES)
    except zlib.error as error:
        raise ShimError(f"the code package is damaged: {error}") from None
    if unzip.unconsumed_tail or "sha256:" + hashlib.sha256(tar).hexdigest() != digest:
        raise ShimError(f"the code package is damaged: its content is not {digest}")
    return tar


def unpack(tar: bytes, folder: str) -> None:
    """Writes the tar's files below the folder. Raises ShimError for a name that would leave it."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            parts = member.name.split("/")
            if not member.isfile() or not all(parts) or ".." in parts or "." in parts or os.path.isabs(member.name):
                raise ShimError(f"the code package holds {member.name!r}, which is no file below its folder")
            content = archive.extractfile(member)
            assert content is not None
            path = os.path.join(folder, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content.read())
