"""What is said of an environment's archive beside it, so that it can be checked before and while it is unpacked.

`ROOT/runtime/environments/DIGEST.json`, written after `DIGEST.tar.gz`: an archive without it is not there.
"""

from __future__ import annotations

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from ..store import Store

VERSION = 1
CHUNK = 8 << 20  # bytes of the archive that have a digest of their own
VARIABLE = "FLOWC_PACKAGES"  # `PLATFORM=DIGEST …` of a spec; of a task that runs, the digest


class Description:
    """The form of one environment and of its archive."""

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
        self.glibc = glibc  # the oldest C library that it runs with; "" for any
        self.size = size  # bytes of the archive
        self.chunks = chunks  # sha256 of each CHUNK bytes of the archive, in hexadecimal
        self.unpacked = unpacked  # bytes of all files
        self.files = files  # how many there are
        self.tar = tar  # sha256 of the archive before it was compressed


def archive_name(environment: str) -> str:
    """The archive's object; `environment` with or without `sha256:`."""
    return f"runtime/environments/{_hex(environment)}.tar.gz"


def description_name(environment: str) -> str:
    return f"runtime/environments/{_hex(environment)}.json"


def dumps(description: Description) -> bytes:
    from ..contract import record

    return record.dumps({"version": record.VERSION, "form": VERSION, **description.__dict__})


def read(store: Store, environment: str) -> Optional[Description]:
    """Returns what is said of the archive; None if it is not there.

    Raises ShimError for what is damaged, or of another flowc.
    """
    from ..contract import record

    name = description_name(environment)
    data = store.get(name)
    if data is None:
        return None
    found = record.loads(data, name)
    if found.get("form") != VERSION:
        raise ShimError(f"{name} in the datastore has form {found.get('form')!r}, this flowc reads {VERSION}")
    try:
        made = Description(
            _text(found["environment"]),
            _text(found["python"]),
            _text(found["platform"]),
            _text(found["glibc"]),
            int(found["size"]),
            [_text(each) for each in found["chunks"]],
            int(found["unpacked"]),
            int(found["files"]),
            _text(found["tar"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ShimError(f"{name} in the datastore is damaged") from None
    if _hex(made.environment) != _hex(environment) or len(made.chunks) != max(1, -(-made.size // CHUNK)):
        raise ShimError(f"{name} in the datastore is damaged")
    return made


def _hex(environment: str) -> str:
    """The digest without its kind. Raises ShimError for what is no digest: it becomes a file's name."""
    found = environment.rpartition(":")[2]
    if len(found) != 64 or not set(found) <= set("0123456789abcdef"):
        raise ShimError(f"{environment!r} is no digest of an environment")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
