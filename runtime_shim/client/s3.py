"""`S3`: a flow's own data in S3, read and written with the datastore's client.

The rules are those of Metaflow's documentation (Loading and storing data), measured with 2.19.

    with S3(run=self) as s3:
        s3.put("model", data)
        for model in s3.get_many(["a", "b"]): model.blob
"""

from __future__ import annotations

import os
import shutil
import tempfile
from io import BytesIO
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from flowc.runtime_shim.contract.errors import UsageError

from .s3_bucket import Bucket, put_headers
from .s3_object import (
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InsufficientDiskSpace,
    MetaflowS3InvalidObject,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
    RangeInfo,
    S3GetObject,
    S3Object,
    S3PutObject,
)

__all__ = [
    "MetaflowS3AccessDenied", "MetaflowS3Exception", "MetaflowS3InsufficientDiskSpace", "MetaflowS3InvalidObject",
    "MetaflowS3InvalidRange",
    "MetaflowS3NotFound", "MetaflowS3URLException", "RangeInfo", "S3", "S3GetObject", "S3Object", "S3PutObject",
]  # fmt: skip

IN_FLIGHT = 16
_NO_ROOT = "Initialize S3 with an 's3root' or 'run' if you don't want to specify full s3:// urls."
_PARAMS = ("endpoint_url", "region_name")


class S3:
    """A client for a flow's own data.

    With `run` (the flow's `self`, or a `Run`), keys are below DATATOOLS_S3ROOT/FLOW/RUN. With `s3root`, they are below
    that. Otherwise they are complete s3:// URLs. As a context manager it deletes the local copies on exit. Errors are
    listed in `s3_object.py`.
    """

    def __init__(
        self, tmproot: str = ".", bucket: Optional[str] = None, prefix: Optional[str] = None, run: Any = None,
        s3root: Optional[str] = None,
        encryption: Optional[str] = None, role: Optional[str] = None, session_vars: Optional[Dict[str, Any]] = None,
        client_params: Optional[Dict[str, Any]] = None,
    ) -> None:  # fmt: skip
        if role or session_vars:
            raise MetaflowS3Exception(
                "flowc's S3 does not support `role` and `session_vars`: give the task that role, or set AWS_PROFILE"
            )
        unknown = [option for option in client_params or {} if option not in _PARAMS]
        if unknown:
            raise MetaflowS3Exception(
                f"flowc's S3 supports only {' and '.join(_PARAMS)} in `client_params`, not {', '.join(unknown)}"
            )
        self._params = dict(client_params or {})
        self._encryption = encryption or os.environ.get("METAFLOW_S3_SERVER_SIDE_ENCRYPTION")
        self._tmproot = tmproot
        self._folder = ""
        self._count = 0
        self._buckets: Dict[str, Bucket] = {}
        self._s3root: Optional[str] = None
        if run is not None:
            self._s3root = _root_of_run(run, bucket, prefix)
        elif s3root is not None:
            if not str(s3root).startswith("s3://"):
                raise MetaflowS3URLException("s3root needs to be an S3 URL prefixed with s3://.")
            self._s3root = str(s3root).rstrip("/")

    def __enter__(self) -> S3:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Deletes the local copies."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""
        for bucket in self._buckets.values():
            bucket.close()

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, key: Any = None, return_missing: bool = False, return_info: bool = True) -> S3Object:
        """Copies an object, or a part of it (`S3GetObject`), to this machine. Without a key, it copies the root itself.

        Raises MetaflowS3NotFound; with `return_missing` it returns an object whose `exists` is False instead.
        """
        return self._get(self._url(key), _range(key), return_missing, return_info, self._s3root)

    def get_many(self, keys: Iterable[Any], return_missing: bool = False, return_info: bool = True) -> List[S3Object]:
        """Copies several objects in parallel, as `get` does. Returns them in the order of the keys."""
        asked = [(self._url(key), _range(key)) for key in keys]
        return _parallel(asked, lambda pair: self._get(pair[0], pair[1], return_missing, return_info, self._s3root))

    def get_recursive(self, keys: Iterable[str], return_info: bool = False) -> List[S3Object]:
        """Copies everything below the prefixes."""
        objects = self.list_recursive(keys)
        prefixes = [self._s3root if return_info else entry.prefix for entry in objects]
        return _parallel(
            list(zip(objects, prefixes)), lambda pair: self._get(pair[0].url, "", False, return_info, pair[1])
        )

    def get_all(self, return_info: bool = False) -> List[S3Object]:
        """Copies everything below the root. Raises MetaflowS3URLException without a root."""
        if self._s3root is None:
            raise MetaflowS3URLException("Can't get_all() when S3 is initialized without a prefix")
        return self.get_recursive([""], return_info)

    def info(self, key: Optional[str] = None, return_missing: bool = False) -> S3Object:
        """Returns an object's size, metadata, content type and time."""
        return self._info(self._url(key), return_missing)

    def info_many(self, keys: Iterable[str], return_missing: bool = False) -> List[S3Object]:
        return _parallel([self._url(key) for key in keys], lambda url: self._info(url, return_missing))

    def list_paths(self, keys: Optional[Iterable[str]] = None) -> List[S3Object]:
        """Lists the next level below the prefixes, by default below the root.

        Returns objects and prefixes. A prefix has `exists` False.
        """
        objects: List[S3Object] = []
        for entries in _parallel(
            [f"{self._url(key).rstrip('/')}/" for key in _or_root(keys)], lambda url: list(self._entries(url, "/", url))
        ):
            objects += entries
        return objects

    def list_recursive(self, keys: Optional[Iterable[str]] = None) -> List[S3Object]:
        """Lists all objects below the prefixes, by default below the root."""
        roots = [self._url(key).rstrip("/") for key in _or_root(keys)]
        objects: List[S3Object] = []
        for entries in _parallel(roots, lambda url: list(self._entries(f"{url}/", "", url))):
            objects += entries
        return objects

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(
        self, key: str, obj: Any, overwrite: bool = True, content_type: Optional[str] = None,
        metadata: Optional[Dict[str, Any]] = None
    ) -> str:  # fmt: skip
        """Writes a string, bytes, or the content of a seekable binary file. Returns the URL.

        Without `overwrite`, an existing object stays. Raises MetaflowS3InvalidObject for other values.
        """
        url = self._url(key)
        with _file(key, obj) as (file, size):
            self._put(url, file, size, overwrite, put_headers(content_type, metadata, self._encryption))
        return url

    def put_many(self, key_objs: Iterable[Any], overwrite: bool = True) -> List[Tuple[str, str]]:
        """Writes (key, object) pairs or `S3PutObject`s in parallel. Returns (key, URL) of those that were written."""

        def one(item: Any) -> Optional[Tuple[str, str]]:
            key, obj = (item.key, item.value) if isinstance(item, S3PutObject) else (item[0], item[1])
            with _file(key, obj) as (file, size):
                return self._written(item, key, file, size, overwrite)

        pairs = list(key_objs)
        for pair in pairs:  # writes nothing if one of them is invalid
            _checked(
                pair.key if isinstance(pair, S3PutObject) else pair[0],
                pair.value if isinstance(pair, S3PutObject) else pair[1],
            )
        return [result for result in _parallel(pairs, one) if result is not None]

    def put_files(self, key_paths: Iterable[Any], overwrite: bool = True) -> List[Tuple[str, str]]:
        """Writes files in parallel, given as (key, path) pairs or `S3PutObject`s.

        Returns (key, URL) of those that were written.
        """

        def one(item: Any) -> Optional[Tuple[str, str]]:
            key, path = (item.key, item.path) if isinstance(item, S3PutObject) else (item[0], item[1])
            with open(str(path), "rb") as file:
                return self._written(item, key, file, os.fstat(file.fileno()).st_size, overwrite)

        pairs = list(key_paths)
        for pair in pairs:
            path = str(pair.path if isinstance(pair, S3PutObject) else pair[1])
            if not os.path.isfile(path):
                raise MetaflowS3NotFound(f"Local file not found: {path}")
        return [result for result in _parallel(pairs, one) if result is not None]

    # ── one object ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _get(self, url: str, asked: str, missing: bool, with_info: bool, prefix: Optional[str]) -> S3Object:
        bucket, key = self._bucket(url)
        path = self._new_file()
        download = bucket.download(key, path, asked) if key else None
        if download is None:
            return self._absent(url, missing)
        size, info, range_info = download
        return S3Object(
            prefix, url, path, size, True, info if with_info else None, range_info if with_info or asked else None
        )

    def _info(self, url: str, missing: bool) -> S3Object:
        bucket, key = self._bucket(url)
        head = bucket.head(key) if key else None
        return self._absent(url, missing) if head is None else S3Object(self._s3root, url, None, head[0], True, head[1])

    def _absent(self, url: str, missing: bool) -> S3Object:
        if not missing:
            raise MetaflowS3NotFound(url)
        return S3Object(self._s3root, url, exists=False)

    def _entries(self, url: str, delimiter: str, prefix: str) -> Iterator[S3Object]:
        bucket, key = self._bucket(url)
        for name, size in bucket.listed(key, delimiter):
            yield S3Object(prefix, f"s3://{bucket.bucket}/{name}", None, size, size is not None)

    def _put(self, url: str, file: Any, size: int, overwrite: bool, headers: Dict[str, str]) -> bool:
        bucket, key = self._bucket(url)
        if not key:
            raise MetaflowS3URLException(f"{url} names a bucket, but no object")
        return bucket.upload(key, file, size, overwrite, headers)

    def _written(self, asked: Any, key: str, file: Any, size: int, overwrite: bool) -> Optional[Tuple[str, str]]:
        more = asked if isinstance(asked, S3PutObject) else S3PutObject(key)
        url = self._url(key)
        headers = put_headers(more.content_type, more.metadata, more.encryption or self._encryption)
        return (key, url) if self._put(url, file, size, overwrite, headers) else None

    def _url(self, key: Any) -> str:
        """Returns the complete URL of a key. Raises MetaflowS3URLException."""
        name = getattr(key, "key", key)
        if name is not None and not isinstance(name, str):
            raise MetaflowS3URLException(f"a key must be a string, not {name!r}")
        if self._s3root is None:
            if not name or not name.startswith("s3://"):
                raise MetaflowS3URLException(_NO_ROOT)
            return name
        if name and name.startswith("s3://"):
            raise MetaflowS3URLException(
                f"Don't use absolute S3 URLs when the S3 client is initialized with a prefix. URL: {name}"
            )
        return f"{self._s3root}/{name}" if name else self._s3root

    def _bucket(self, url: str) -> Tuple[Bucket, str]:
        name, _, key = url[len("s3://") :].partition("/")
        if name not in self._buckets:
            try:
                bucket = Bucket(f"s3://{name}")
            except UsageError as error:
                raise MetaflowS3URLException(str(error)) from None
            bucket.endpoint = (
                self._params.get("endpoint_url") or bucket.endpoint or os.environ.get("METAFLOW_S3_ENDPOINT_URL", "")
            )
            bucket._place(self._params.get("region_name") or bucket.region)
            self._buckets[name] = bucket
        return self._buckets[name], key

    def _new_file(self) -> str:
        if not self._folder:
            try:
                self._folder = tempfile.mkdtemp(prefix="flowc.s3.", dir=self._tmproot)
            except OSError as error:
                raise MetaflowS3InsufficientDiskSpace(
                    f"cannot create a folder for downloads in {self._tmproot}: {error.strerror}"
                ) from None
        descriptor, path = tempfile.mkstemp(dir=self._folder)
        os.close(descriptor)
        return path


class _file:
    """A context manager that gives (file, size in bytes) of the data to write."""

    def __init__(self, key: Any, obj: Any) -> None:
        self._file = _checked(key, obj)

    def __enter__(self) -> Tuple[Any, int]:
        return self._file, self._file.seek(0, 2)

    def __exit__(self, *_: object) -> None:
        pass


def _checked(key: Any, obj: Any) -> Any:
    """Returns the object as a seekable binary file. Raises MetaflowS3InvalidObject."""
    if isinstance(obj, str):
        return BytesIO(obj.encode("utf-8"))
    if isinstance(obj, (bytes, bytearray, memoryview)):
        return BytesIO(obj)
    if hasattr(obj, "read") and hasattr(obj, "seek"):
        if not obj.readable() or not obj.seekable() or isinstance(obj.read(0), str):
            raise MetaflowS3InvalidObject(
                f"Object corresponding to the key '{key}' is not readable, seekable and binary"
            )
        return obj
    raise MetaflowS3InvalidObject(f"Object corresponding to the key '{key}' is not a string or a bytes object.")


def _root_of_run(run: Any, bucket: Optional[str], prefix: Optional[str]) -> str:
    """Returns the URL of a run's own data: DATATOOLS_S3ROOT/FLOW/RUN. Raises MetaflowS3URLException."""
    from flowc.runtime_shim.api.current import current
    from flowc.runtime_shim.user_code.flowspec import FlowSpec

    from .settings import store_url

    root = os.environ.get("METAFLOW_DATATOOLS_S3ROOT", "")
    store = store_url()
    if not root and store.startswith("s3://"):
        root = f"{store.rstrip('/')}/data"
    if not root.startswith("s3://") and not (bucket and prefix):
        raise MetaflowS3URLException(
            f"S3(run=…) needs a place in S3, but the datastore is {store}: set "
            "METAFLOW_DATATOOLS_S3ROOT=s3://BUCKET/PREFIX, or pass `s3root`"
        )
    own_bucket, _, own_prefix = root[len("s3://") :].partition("/")
    if isinstance(run, FlowSpec):
        if not current.is_running_flow:
            raise MetaflowS3URLException("Initializing S3 with a FlowSpec outside of a running flow is not supported.")
        flow, name = str(current.flow_name), str(current.run_id)
    else:
        parts = getattr(run, "path_components", None)
        if not isinstance(parts, list) or len(parts) != 2:
            raise MetaflowS3URLException(f"`run` must be the flow's `self` or a Run, not {run!r}")
        flow, name = parts
    inside = (prefix or own_prefix).strip("/")
    return "s3://" + "/".join(part for part in (bucket or own_bucket, inside, flow, name) if part)


def _range(key: Any) -> str:
    """Returns the Range header for the requested part; "" for all of it."""
    offset, length = getattr(key, "offset", None), getattr(key, "length", None)
    if offset is None and length is None:
        return ""
    if length is None:
        return f"bytes={offset}-"
    return f"bytes={length}" if length < 0 else f"bytes={offset or 0}-{(offset or 0) + length - 1}"


def _or_root(keys: Optional[Iterable[str]]) -> List[Any]:
    return [None] if keys is None else list(keys)


def _parallel(items: List[Any], work: Callable[[Any], Any]) -> List[Any]:
    """Returns `[work(item) for item in items]`, computed IN_FLIGHT at a time."""
    if len(items) < 2:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(IN_FLIGHT, len(items))) as pool:
        return list(pool.map(work, items))
