"""The description of an environment's archive, which a task checks before and while it unpacks the archive.

It is `ROOT/runtime/environments/DIGEST.json`, written after `DIGEST.tar.gz`. An archive without it does not count.
"""

from __future__ import annotations

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from ..store import Store

VERSION = 1
CHUNK = 8 << 20  # bytes of the archive in each piece with a digest of its own
VARIABLE = "FLOWC_PACKAGES"  # `PLATFORM=DIGEST …` in a spec; the digest in a running task


class Description:
    """The facts about one environment and its archive."""

    def __init__(
        self,
        environment: str,
        python: str,
        platform: str,
        glibc: str,
        size: int,
        chunks: List[str],
        unpacked: int,
        files: int,
        tar: str,
    ) -> None:
        self.environment = environment  # "sha256:…", the digest in the lock
        self.python = python  # "3.12"
        self.platform = platform  # "linux/amd64"
        self.glibc = glibc  # the oldest C library that it supports; "" for any
        self.size = size  # bytes of the archive
        self.chunks = chunks  # sha256 of each CHUNK bytes of the archive, in hexadecimal
        self.unpacked = unpacked  # bytes of all files
        self.files = files  # number of files
        self.tar = tar  # sha256 of the archive before it was compressed


def archive_name(environment: str) -> str:
    """Returns the name of the archive's object; `environment` may begin with `sha256:`."""
    return f"runtime/environments/{_hex(environment)}.tar.gz"


def description_name(environment: str) -> str:
    return f"runtime/environments/{_hex(environment)}.json"


def dumps(description: Description) -> bytes:
    from ..contract import record

    return record.dumps({"version": record.VERSION, "form": VERSION, **description.__dict__})


def read(store: Store, environment: str) -> Optional[Description]:
    """Returns the description of the archive, or None if it is missing.

    Raises ShimError if it is damaged, or written by an incompatible flowc.
    """
    from ..contract import record

    name = description_name(environment)
    data = store.get(name)
    if data is None:
        return None
    fields = record.loads(data, name)
    if fields.get("form") != VERSION:
        raise ShimError(f"{name} in the datastore has form {fields.get('form')!r}, this flowc reads {VERSION}")
    try:
        description = Description(
            _text(fields["environment"]),
            _text(fields["python"]),
            _text(fields["platform"]),
            _text(fields["glibc"]),
            int(fields["size"]),
            [_text(chunk) for chunk in fields["chunks"]],
            int(fields["unpacked"]),
            int(fields["files"]),
            _text(fields["tar"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ShimError(f"{name} in the datastore is damaged") from None
    if _hex(description.environment) != _hex(environment) or len(description.chunks) != max(
        1, -(-description.size // CHUNK)
    ):
        raise ShimError(f"{name} in the datastore is damaged")
    return description


def _hex(environment: str) -> str:
    """Returns the digest without its prefix. Raises ShimError for an invalid one, since it becomes a file's name."""
    digest = environment.rpartition(":")[2]
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ShimError(f"{environment!r} is not the digest of an environment")
    return digest


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
