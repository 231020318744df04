"""Datastores in Google Cloud Storage (gs://) and Azure Blob Storage (az://), through one client: obstore.

Only this module imports it. Create-if-absent is the client's `create`: a generation match on GCS, `If-None-Match` on
Azure. Credentials and endpoints come from the environment, as for the clouds' own clients:
GOOGLE_APPLICATION_CREDENTIALS, workload identity, STORAGE_EMULATOR_HOST; AZURE_STORAGE_CONNECTION_STRING,
AZURE_STORAGE_ACCOUNT_NAME with a key, a SAS, or an identity. The client itself retries temporary errors.
"""

from __future__ import annotations

import os
import sys

from flowc.runtime_shim.contract.errors import StoreError, UsageError
from flowc.runtime_shim.fast_start import json_text
from flowc.runtime_shim.fast_start.threads import Permits

from . import blobs
from . import read_ahead as ahead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

    from flowc.runtime_shim.artifacts.content import Content

AT_ONCE = 20  # most requests at once, of all threads together
CLIENTS = "clients"  # the folder beside the shim's package where the runtime image has it
_UPLOADS = 4  # most parts in flight at once; each is a copy


class ObjectStore:
    """A store at gs://BUCKET/PREFIX or az://CONTAINER/PREFIX.

    Several threads may use it at once, but not a process that is forked after its first use.
    """

    remote = True

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        bucket, _, prefix = rest.partition("/")
        if not bucket:
            raise UsageError(f"{url!r} does not name a {'bucket' if scheme == 'gs' else 'container'}")
        _find_client()
        try:
            import obstore
            from obstore import exceptions
        except ImportError as error:
            needs = f"{scheme}:// needs the package obstore, which cannot be imported here ({error})"
            raise UsageError(
                f"{needs}: pip install 'flowc[{_EXTRA[scheme]}]', with Python 3.11 or newer in containers"
            ) from None
        self.url = url.rstrip("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client: Any = obstore
        self._missing = (FileNotFoundError, exceptions.NotFoundError)
        self._there = (exceptions.AlreadyExistsError, exceptions.PreconditionError)
        self._problems = (exceptions.BaseError, OSError)
        try:
            self._store = _google(bucket) if scheme == "gs" else _azure(bucket)
        except self._problems as error:
            raise StoreError(f"{self.url}: {_line(error)}") from None
        self._ahead = ahead.Ahead(self._get)
        self._content_ahead = ahead.Ahead(lambda key: blobs.read(self, *key))
        self._permits = Permits(AT_ONCE)

    # ── objects ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, name: str) -> Optional[bytes]:
        data: Optional[bytes] = self._ahead.get(name)
        return data

    def fetch_ahead(self, names: List[str]) -> None:
        self._ahead.start(names)

    def read_ahead(self, pieces: List[Tuple[Any, ...]]) -> None:
        self._content_ahead.start(pieces)

    def _get(self, name: str) -> Optional[bytes]:
        data = self._do(
            f"getting {name}", lambda: bytes(self._client.get(self._store, self.prefix + name).bytes()), None
        )
        return data  # type: ignore[no-any-return]

    def put(self, name: str, data: bytes) -> None:
        self._ahead.forget(name)
        self._do(
            f"writing {name}", lambda: self._client.put(self._store, self.prefix + name, data, use_multipart=False)
        )

    def put_if_absent(self, name: str, data: bytes) -> bool:
        self._ahead.forget(name)

        def create() -> bool:
            try:
                self._client.put(self._store, self.prefix + name, data, mode="create", use_multipart=False)
            except self._there:
                return False
            return True

        return bool(self._do(f"writing {name}", create))

    def exists(self, name: str) -> bool:
        return self.size(name) is not None

    def size(self, name: str) -> Optional[int]:
        size: Optional[int] = self._do(
            f"looking for {name}", lambda: self._client.head(self._store, self.prefix + name)["size"], None
        )
        return size

    def list(self, prefix: str) -> Iterator[str]:
        """Yields names.

        The client lists complete segments of names, so this chooses those that begin with the prefix.
        """
        full = self.prefix + prefix
        folder = full.rpartition("/")[0]

        def all_of() -> List[str]:
            pages = self._client.list(self._store, prefix=folder or None)
            return [entry["path"] for page in pages for entry in page if entry["path"].startswith(full)]

        for entry in sorted(self._do(f"listing {prefix}", all_of)):
            yield entry[len(self.prefix) :]

    def folders(self, prefix: str) -> Iterator[str]:
        full = (self.prefix + prefix).rstrip("/")
        prefixes = self._do(
            f"listing {prefix}",
            lambda: self._client.list_with_delimiter(self._store, prefix=full or None)["common_prefixes"],
        )
        yield from sorted(prefix.rstrip("/").rpartition("/")[2] for prefix in prefixes)

    def entries(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
        def all_of() -> List[Any]:
            pages = self._client.list(self._store, prefix=(self.prefix + prefix).rstrip("/") or None)
            return [entry for page in pages for entry in page]

        for entry in self._do(f"listing {prefix}", all_of):
            yield entry["path"][len(self.prefix) :], int(entry["size"]), entry["last_modified"].timestamp()

    def delete(self, name: str) -> None:
        self._ahead.forget(name)
        self._do(f"deleting {name}", lambda: self._client.delete(self._store, self.prefix + name), None)

    def leftovers(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
        """Yields nothing, since the client cannot list leftovers.

        Azure drops uncommitted blocks after a week; on Google Cloud a lifecycle rule does.
        """
        return iter(())

    def delete_leftover(self, handle: str) -> None:
        pass

    def close(self) -> None:
        """Does nothing, since the client manages its own connections."""

    # ── blobs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
        blobs.write_blob(self, content, name)

    def read_blob(self, name: str, size: int, check: str) -> Any:
        return self._content_ahead.get((name, size, check))

    def looks_whole(self, name: str, size: int, at_least: bool) -> bool:
        return True

    def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
        data: Optional[bytearray] = self._content_ahead.get((name, start, size))
        return data

    def get_into(self, name: str, start: int, view: memoryview) -> Optional[Tuple[int, int]]:
        """Reads bytes from `start` on into the memory, as many as fit.

        Returns (number of bytes, the object's length); None if there is no object.
        """
        if not len(view):
            size = self.size(name)
            return None if size is None else (0, size)

        def receive() -> Tuple[int, int]:
            answer = self._client.get(self._store, self.prefix + name, options={"range": (start, start + len(view))})
            data = memoryview(answer.bytes())
            view[: len(data)] = data
            return len(data), int(answer.meta["size"])

        received: Optional[Tuple[int, int]] = self._do(f"getting {name}", receive, None)
        return received

    def put_parts(self, name: str, count: int, part: Callable[[int], Tuple[List[Any], str]], workers: int) -> None:
        """Writes an object from numbered parts, starting at 0: bytes-like objects, and their sha256."""
        if count == 1:
            self.put_if_absent(name, b"".join(part(0)[0]))
            return

        def bodies() -> Iterator[bytes]:
            for number in range(count):
                yield b"".join(part(number)[0])

        options: Dict[str, Any] = {
            "use_multipart": True,
            "chunk_size": 8 << 20,
            "max_concurrency": min(workers, _UPLOADS),
        }
        self._do(f"writing {name}", lambda: self._client.put(self._store, self.prefix + name, bodies(), **options))

    def _do(self, what: str, work: Callable[[], Any], *absent: Any) -> Any:
        """Returns the result of `work`, or `absent` if there is no such object. Raises StoreError."""
        try:
            with self._permits:
                return work()
        except self._missing as error:
            if absent and not any(
                phrase in str(error) for phrase in ("bucket does not exist", "ContainerNotFound", "NoSuchBucket")
            ):
                return absent[0]
            raise StoreError(f"{self.url}: {what} failed: {_line(error)}") from None
        except self._problems as error:
            raise StoreError(f"{self.url}: {what} failed: {_line(error)}") from None


def _find_client() -> None:
    """Makes the client beside the shim's package importable, for containers that have none of their own."""
    root = os.path.dirname(os.path.abspath(__file__))
    for _ in ("store", "runtime_shim", "flowc"):
        root = os.path.dirname(root)
    brought = os.path.join(root, CLIENTS)
    if os.path.isdir(brought) and brought not in sys.path:
        sys.path.append(brought)


_EXTRA = {"gs": "gcs", "az": "azure"}


def _google(bucket: str) -> Any:
    from obstore.store import GCSStore

    emulator = os.environ.get("STORAGE_EMULATOR_HOST")
    if not emulator:
        return GCSStore(bucket)
    base = (emulator if "://" in emulator else f"http://{emulator}").rstrip("/")
    nobody = {"gcs_base_url": base, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return GCSStore(bucket, service_account_key=json_text.dumps(nobody), client_options={"allow_http": True})


def _azure(container: str) -> Any:
    from obstore.store import AzureStore

    connection = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    if not connection:
        return AzureStore(container)
    parts = {
        name.lower(): value
        for name, _, value in (setting.strip().partition("=") for setting in connection.split(";"))
        if name
    }
    options: Dict[str, Any] = {}
    for name, option in (
        ("accountname", "account_name"),
        ("accountkey", "account_key"),
        ("sharedaccesssignature", "sas_key"),
    ):
        if parts.get(name):
            options[option] = parts[name]
    scheme = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", "core.windows.net")
    options["endpoint"] = parts.get("blobendpoint") or f"{scheme}://{parts.get('accountname', '')}.blob.{suffix}"
    return AzureStore(container, client_options={"allow_http": options["endpoint"].startswith("http:")}, **options)


def _line(error: BaseException) -> str:
    """Returns the first line of the client's message, which may fill a page."""
    text = str(error).strip().split("\n")[0]
    return text if len(text) < 500 else f"{text[:500]}…"
