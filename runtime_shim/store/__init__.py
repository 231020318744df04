"""Datastores: named objects that are written once or replaced whole, in a folder or in S3. `open_store` chooses by URL."""

from __future__ import annotations

from flowc.runtime_shim.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Optional, Protocol

    class Store(Protocol):
        """Names are relative to the root, with forward slashes, of segments made by `address.encoded`."""

        url: str

        def get(self, name: str) -> Optional[bytes]:
            """Returns the object's content, or None if there is none. Raises StoreError."""

        def put(self, name: str, data: bytes) -> None:
            """Writes the object, replacing one that is there; never visible half-written. Raises StoreError."""

        def put_if_absent(self, name: str, data: bytes) -> bool:
            """Writes the object unless there is one; returns whether it did. Exactly one of several writers does. Raises StoreError."""

        def exists(self, name: str) -> bool: ...

        def list(self, prefix: str) -> Iterator[str]:
            """Yields the names of all objects that begin with `prefix`, sorted."""
else:
    Store = object  # a type, for annotations


def open_store(url: str) -> Store:
    """Returns the store at `url`: a folder's path, `file://FOLDER`, or `s3://BUCKET/PREFIX`. Raises UsageError for another scheme."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "file", url
    if scheme == "file":
        from .folder import FolderStore

        return FolderStore(rest)
    if scheme == "s3":
        from .s3 import S3Store

        return S3Store(url)
    raise UsageError(f"a store is a folder, file://FOLDER or s3://BUCKET/PREFIX, not {url!r}")
