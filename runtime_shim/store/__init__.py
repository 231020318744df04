"""Datastores: named objects that are written once or replaced whole, in a folder or in the cloud. `open_store` chooses by URL."""

from __future__ import annotations

import os

from flowc.runtime_shim.contract.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, List, Optional, Protocol, Tuple

    from flowc.runtime_shim.artifacts.content import Content

    class Store(Protocol):
        """Names are relative to the root, with forward slashes, of segments made by `address.encoded`."""

        url: str
        remote: bool  # objects come over a network

        def get(self, name: str) -> Optional[bytes]:
            """Returns the object's content, or None if there is none. Raises StoreError."""

        def put(self, name: str, data: bytes) -> None:
            """Writes the object, replacing one that is there; never visible half-written. Raises StoreError."""

        def put_if_absent(self, name: str, data: bytes) -> bool:
            """Writes the object unless there is one; returns whether it did. Exactly one of several writers does. Raises StoreError."""

        def exists(self, name: str) -> bool: ...

        def list(self, prefix: str) -> Iterator[str]:
            """Yields the names of all objects that begin with `prefix`, sorted."""

        def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
            """Writes the content as the object that `name` gives for its digest, unless it is there. Raises StoreError.

            With FLOWC_VERIFY=1, what is there is read, and replaced if it is damaged.
            """

        def read_blob(self, name: str, size: int, check: str) -> Any:
            """Returns content of `size` bytes as memory that may be written to, without effect on the object; None if there is none.

            `check`: its digest; where the store is remote, its CRC-32 will do. Raises StoreError, and Damaged for what is not that content
            (docs/formats.md says when that is looked at).
            """

        def looks_whole(self, name: str, size: int, at_least: bool) -> bool:
            """False if the object must be read to tell that it is whole: it is not there, or not of this size, or may have been torn."""

        def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
            """Returns `size` bytes of an object from `start` on; None if there is no object. Raises StoreError, Damaged."""

        def folders(self, prefix: str) -> Iterator[str]:
            """Yields what stands between `prefix`, which is empty or ends with a slash, and the next slash of the names below it, sorted."""

        def entries(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
            """Yields (name, bytes, seconds since 1970 of its last change) of all objects below `prefix`, which ends with a slash."""

        def delete(self, name: str) -> None:
            """Deletes the object, if it is there. Raises StoreError."""

        def leftovers(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
            """Yields what writers that were killed have left, and no reader sees, like `entries`, with a handle in the place of the name."""

        def delete_leftover(self, handle: str) -> None: ...

        def fetch_ahead(self, names: List[str]) -> None:
            """Starts to get objects that `get` will be asked for, where waiting for them takes time. Each is given to the next who asks."""

        def read_ahead(self, pieces: List[Tuple[Any, ...]]) -> None:
            """The same for content: the arguments of `read_blob` and of `read_range` to come."""

        def close(self) -> None:
            """Gives up connections, until the next request."""
else:
    Store = object  # a type, for annotations


def put_content(store: Store, name: str, data: bytes) -> None:
    """Writes an object that is named by its content, unless it is there; a torn one of a folder is replaced. Raises StoreError."""
    if (
        not store.put_if_absent(name, data)
        and not store.looks_whole(name, len(data), False)
        and store.get(name) != data
    ):
        store.put(name, data)


def open_store(url: str, durable: bool = False) -> Store:
    """Returns the store at `url`: a folder's path, `file://FOLDER`, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.

    Raises UsageError for another scheme, and for one whose client is not installed.

    `durable`: for a folder, whether what is written must outlive a power failure; FLOWC_DURABLE (0 or 1) overrules it. Object stores always are.
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
        f"a store is a folder, file://FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX, not {url!r}"
    )
