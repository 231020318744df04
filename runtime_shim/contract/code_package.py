"""Code packages in the container: fetches them by digest, checks them and unpacks them (docs/shim.md, Code package)."""

from __future__ import annotations

import os
import zlib

from . import address
from .digest import fast_sha256, sha256
from .errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Tuple

    from ..store import Store
    from .graph import Graph

MAX_BYTES = 1 << 30  # unpacked; a package is source text
_BLOCK = 512


def put(store: Store, flow: str, digest: str, compressed: bytes) -> None:
    """Writes the package into the store, if it is absent."""
    from ..store import put_content

    put_content(store, address.code_name(flow, digest), compressed)


def fetch(store: Store, flow: str, digest: str, folder: str) -> None:
    """Unpacks the package into the new folder. Raises ShimError if it is missing or does not match its digest."""
    unpack(_tar(store, flow, digest), folder)


def graph(store: Store, flow: str, digest: str) -> Graph:
    """Returns the graph of a package without unpacking it.

    Raises ShimError if the package is missing or does not match its digest.
    """
    return graph_in(_tar(store, flow, digest), flow, digest)


def graph_in(tar: bytes, flow: str, digest: str) -> Graph:
    """Returns the graph that the package's tar holds. Raises ShimError, which names the package, if there is none."""
    from ..fast_start import json_text
    from .graph import IR_NAME, Graph

    for name, content in _members(tar):
        if name == IR_NAME:
            return Graph(json_text.loads(bytes(content).decode()))
    raise ShimError(f"the code package {digest} of flow {flow} has no {IR_NAME}")


def _tar(store: Store, flow: str, digest: str) -> bytes:
    name = address.code_name(flow, digest)
    compressed = store.get(name)
    if compressed is None:
        raise ShimError(f"the code package {name} is not in the store {store.url}: upload it before the run")
    return expand(compressed, digest)


def expand(compressed: bytes, digest: str) -> bytes:
    """Returns the package's tar. Raises ShimError if its content does not match the digest."""
    unzip = zlib.decompressobj(31)
    try:
        tar = unzip.decompress(compressed, MAX_BYTES)
    except zlib.error as error:
        raise ShimError(f"the code package is damaged: {error}") from None
    if unzip.unconsumed_tail or f"sha256:{(fast_sha256 if len(tar) > 65536 else sha256)(tar).hexdigest()}" != digest:
        raise ShimError(f"the code package is damaged: its content does not match {digest}")
    return tar


def unpack(tar: bytes, folder: str) -> None:
    """Writes the tar's files below the folder. Raises ShimError for a name outside of it."""
    folders = set()
    for name, content in _members(tar):
        parts = name.split("/")
        if not all(parts) or ".." in parts or "." in parts or os.path.isabs(name):
            raise ShimError(f"the code package holds {name!r}, which is not a file inside its folder")
        path = os.path.join(folder, *parts)
        above = os.path.dirname(path)
        if above not in folders:
            os.makedirs(above, exist_ok=True)
            folders.add(above)
        with open(path, "wb", buffering=0) as file:
            file.write(content)


def _members(tar: bytes) -> Iterator[Tuple[str, memoryview]]:
    """Yields (name, content) of every file in the tar (POSIX.1-1988, ustar header block: a package has nothing else).

    Python's `tarfile` takes twice as long, and five times as long again to import what it needs.
    """
    view = memoryview(tar)
    at = 0
    while at + _BLOCK <= len(view):
        header = bytes(view[at : at + _BLOCK])
        if not header.strip(b"\0"):
            return
        try:
            size = int(header[124:136].rstrip(b" \0") or b"0", 8)
            checksum = int(header[148:156].strip(b" \0"), 8)
        except ValueError:
            raise ShimError("the code package is not a tar archive") from None
        if checksum != sum(header) - sum(header[148:156]) + 8 * 32:
            raise ShimError("the code package is not a tar archive")
        content = view[at + _BLOCK : at + _BLOCK + size]
        at += _BLOCK + -(-size // _BLOCK) * _BLOCK
        kind, name = header[156:157], _text(header[:100])
        prefix = _text(header[345:500])
        name = f"{prefix}/{name}" if prefix else name
        if kind not in (b"0", b"\0"):
            raise ShimError(f"the code package holds {name!r}, which is not a file inside its folder")
        yield name, content


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
