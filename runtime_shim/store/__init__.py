"""Datastores: named objects that are written once or replaced as a whole, in a folder or in the cloud.

`open_store` chooses one by URL.
"""

from __future__ import annotations

import os

from flowc.runtime_shim.contract.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, List, Optional, Protocol, Tuple

    from flowc.runtime_shim.artifacts.content import Content

    class Store(Protocol):
        """A datastore. Names are relative to the root, with forward slashes, in segments made by `address.encoded`."""

        url: str
        remote: bool  # objects come over a network

        def get(self, name: str) -> Optional[bytes]:
            """Returns the object's content, or None if there is no object. Raises StoreError."""

        def put(self, name: str, data: bytes) -> None:
            """Writes or replaces the object. It is never visible half-written. Raises StoreError."""

        def put_if_absent(self, name: str, data: bytes) -> bool:
            """Writes the object unless it exists. Returns True if it did, which exactly one of several writers does.

            Raises StoreError.
            """

        def exists(self, name: str) -> bool: ...

        def size(self, name: str) -> Optional[int]:
            """Returns the object's length in bytes; None if there is no object."""

        def list(self, prefix: str) -> Iterator[str]:
            """Yields the names of all objects that begin with `prefix`, sorted."""

        def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
            """Writes the content as the object that `name` returns for its digest, unless it exists. Raises StoreError.

            With FLOWC_VERIFY=1, it reads an existing object, and replaces it if it is damaged.
            """

        def read_blob(self, name: str, size: int, check: str) -> Any:
            """Returns content of `size` bytes in writable memory, separate from the object; None if there is no object.

            `check` is its digest; for a remote store, its CRC-32 will do. Raises StoreError, and Damaged for different
            content (docs/formats.md says when it is checked).
            """

        def looks_whole(self, name: str, size: int, at_least: bool) -> bool:
            """Returns False if only reading the object can tell that it is intact.

            This is so if it is missing, has a different size, or may have been torn.
            """

        def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
            """Returns `size` bytes of an object from `start` on; None if there is no object.

            Raises StoreError, Damaged.
            """

        def folders(self, prefix: str) -> Iterator[str]:
            """Yields the part between `prefix` and the next slash of the names below it, sorted.

            `prefix` is empty or ends with a slash.
            """

        def entries(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
            """Yields (name, bytes, time of the last change in seconds since 1970) of all objects below `prefix`.

            `prefix` ends with a slash.
            """

        def delete(self, name: str) -> None:
            """Deletes the object, if it exists. Raises StoreError."""

        def leftovers(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
            """Yields what killed writers have left and no reader sees.

            The form is that of `entries`, with a handle in place of the name.
            """

        def delete_leftover(self, handle: str) -> None: ...

        def fetch_ahead(self, names: List[str]) -> None:
            """Starts to fetch objects for later calls of `get`, where fetching takes time. Each serves one call."""

        def read_ahead(self, pieces: List[Tuple[Any, ...]]) -> None:
            """Starts to fetch content, given as the arguments of later calls of `read_blob` and `read_range`."""

        def close(self) -> None:
            """Closes connections until the next request."""
else:
    Store = object  # a type, for annotations


def put_content(store: Store, name: str, data: bytes) -> None:
    """Writes an object that is named by its content, unless it exists.

    Replaces a torn one in a folder. Raises StoreError.
    """
    if (
        not store.put_if_absent(name, data)
        and not store.looks_whole(name, len(data), False)
        and store.get(name) != data
    ):
        store.put(name, data)


def open_store(url: str, durable: bool = False) -> Store:
    """Returns the store at `url`.

    `url` is a folder's path, `file://FOLDER`, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.
    Raises UsageError for a different scheme, and for one whose client is not installed.

    `durable`: in a folder, writes must survive a power failure. FLOWC_DURABLE (0 or 1) overrides it. Object stores are
    always durable.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "file", url
    if scheme == "file":
        from .folder import FolderStore

        return FolderStore(rest, {"0": False, "1": True}.get(os.environ.get("FLOWC_DURABLE", ""), durable))
    if scheme == "s3":
        from .s3 import S3Store

        return S3Store(url)
    if scheme in ("gs", "az"):
        from .obstore_client import ObjectStore

        return ObjectStore(url)
    raise UsageError(
        "a store must be a folder, file://FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX, "
        f"not {url!r}"
    )
