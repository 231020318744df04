"""The digest of a local package's sources, by which a lock knows that they have changed."""

from __future__ import annotations

import hashlib
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# what builds and tools leave behind
_SKIPPED = frozenset(("__pycache__", "build", "dist", "node_modules", "venv"))
_ENDS = (".pyc", ".pyo", ".egg-info", ".lock")  # `.lock`: also flowc's own folder


def digest_of(folder: str) -> str:
    """Returns a SHA-256 digest of the names and contents of the folder's files; "" if there is no such folder."""
    if not os.path.isdir(folder):
        return ""
    whole = hashlib.sha256()
    for name in sorted(files(folder)):
        with open(os.path.join(folder, *name.split("/")), "rb") as file:
            one = hashlib.sha256(file.read()).hexdigest()
        whole.update(f"{one} {len(name.encode())} {name}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def files(folder: str) -> Iterator[str]:
    """Yields the path of each source file relative to the folder, with forward slashes.

    Hidden files, and what builds leave behind, do not count. Links are not followed.
    """
    for inside, below, names in os.walk(folder):
        below[:] = [name for name in below if not _is_skipped(name)]
        for name in names:
            path = os.path.join(inside, name)
            if not _is_skipped(name) and os.path.isfile(path) and not os.path.islink(path):
                yield os.path.relpath(path, folder).replace(os.sep, "/")


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED or name.endswith(_ENDS)
