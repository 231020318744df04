"""The results and exceptions of `S3`: an object or a prefix in S3, which may have a copy on this machine."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional

from flowc.runtime_shim.exceptions import MetaflowException


class MetaflowS3InvalidObject(MetaflowException):
    headline = "Not a string-like object"


class MetaflowS3URLException(MetaflowException):
    headline = "Invalid address"


class MetaflowS3Exception(MetaflowException):
    headline = "S3 access failed"


class MetaflowS3NotFound(MetaflowException):
    headline = "S3 object not found"


class MetaflowS3AccessDenied(MetaflowException):
    headline = "S3 access denied"


class MetaflowS3InvalidRange(MetaflowException):
    headline = "S3 invalid range"


class MetaflowS3InsufficientDiskSpace(MetaflowException):
    headline = "Insufficient disk space"


class S3GetObject(NamedTuple):
    """A part of an object: `length` bytes from `offset` on.

    Without a length, it goes to the end; a negative length means the last bytes.
    """

    key: str
    offset: Optional[int] = None
    length: Optional[int] = None


class S3PutObject(NamedTuple):
    """The input of `put_many` (with `value`) and `put_files` (with `path`)."""

    key: str
    value: Any = None
    path: Optional[str] = None
    content_type: Optional[str] = None
    encryption: Optional[str] = None
    metadata: Optional[Dict[str, Any]] = None


class RangeInfo(NamedTuple):
    """The part of an object that a local copy holds, in bytes."""

    total_size: int
    request_offset: int = 0
    request_length: int = -1


class S3Object:
    """An object or a prefix.

    `prefix` is the URL that `key` is relative to; None if keys are complete URLs. `info` holds S3's facts about the
    object; None if they were not requested.
    """

    def __init__(
        self, prefix: Optional[str], url: str, path: Optional[str] = None, size: Optional[int] = None,
        exists: bool = True,
        info: Optional[Dict[str, Any]] = None, range_info: Optional[RangeInfo] = None,
    ) -> None:  # fmt: skip
        self._prefix, self._url, self._path, self._size, self._exists, self._info, self._range = (
            prefix,
            url,
            path,
            size,
            exists,
            info,
            range_info,
        )

    @property
    def exists(self) -> bool:
        """False for a prefix, and for an object that does not exist."""
        return self._exists

    @property
    def downloaded(self) -> bool:
        return self._path is not None

    @property
    def url(self) -> str:
        return self._url

    @property
    def prefix(self) -> Optional[str]:
        return self._prefix

    @property
    def key(self) -> str:
        return self._url if self._prefix is None else self._url[len(self._prefix.rstrip("/")) :].strip("/")

    @property
    def path(self) -> Optional[str]:
        """The local copy, which exists until the `S3` is closed."""
        return self._path

    @property
    def blob(self) -> Optional[bytes]:
        """The content of the local copy."""
        if self._path is None:
            return None
        with open(self._path, "rb") as file:
            return file.read()

    @property
    def text(self) -> Optional[str]:
        """The content as UTF-8."""
        data = self.blob
        return None if data is None else data.decode("utf-8", "replace")

    @property
    def size(self) -> Optional[int]:
        """The size in bytes, of the local copy or as S3 reports it."""
        return self._size

    @property
    def has_info(self) -> bool:
        return self._info is not None

    @property
    def metadata(self) -> Optional[Dict[str, Any]]:
        """The metadata that was passed to `put`."""
        return (self._info or {}).get("metadata")

    @property
    def content_type(self) -> Optional[str]:
        return (self._info or {}).get("content_type")

    @property
    def encryption(self) -> Optional[str]:
        return (self._info or {}).get("encryption")

    @property
    def range_info(self) -> Optional[RangeInfo]:
        return self._range

    @property
    def last_modified(self) -> Optional[int]:
        """Seconds since the epoch."""
        return (self._info or {}).get("last_modified")

    def __str__(self) -> str:
        if self._path is not None:
            return f"<S3Object {self._url} ({self._size} bytes, local)>"
        if self._size is not None:
            return f"<S3Object {self._url} ({self._size} bytes, in S3)>"
        return f"<S3Object {self._url} (object does not exist)>"

    __repr__ = __str__
