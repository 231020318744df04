"""A container's private folders for temporary files, and the ones that its lost attempts have left.

Where containers are processes, they share a folder for temporary files, and one that is killed leaves its own there.
Each folder is locked as long as its container lives, so the next attempt at the same container can tell which are left.
"""

from __future__ import annotations

import os

from ..contract.digest import sha256
from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List


def create(purpose: str, place: List[str], is_later: bool) -> str:
    """Creates a folder of our own, as `tempfile` would, and returns its path. Raises ShimError.

    `place` names the container, the same for all of its attempts. If this is a later one, those of earlier ones that
    are dead are removed.
    """
    prefix = f"flowc-{purpose}-{sha256(chr(10).join(place).encode('utf-8', 'surrogatepass')).hexdigest()[:16]}-"
    parents = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    for parent in [*filter(None, parents), "/tmp", "/var/tmp", "/usr/tmp", os.getcwd()]:
        parent = os.path.abspath(parent)
        if is_later:
            _remove_left(parent, prefix)
        try:
            while True:
                folder = os.path.join(parent, f"{prefix}{os.urandom(8).hex()}")
                os.mkdir(folder, 0o700)
                if _lock(folder, wait=True) and os.path.isdir(folder):  # unless somebody took it for one that is left
                    return folder
        except OSError:
            continue
    raise ShimError(
        "the code package cannot be unpacked: no folder for temporary files is writable; set TMPDIR to one that is"
    )


def remove(folder: str) -> None:
    """Removes the folder and its contents, as far as possible."""
    try:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                remove(entry.path)
            else:
                os.unlink(entry.path)
        os.rmdir(folder)
    except OSError:
        pass


def _remove_left(parent: str, prefix: str) -> None:
    """Removes folders whose containers no longer run."""
    try:
        left = [
            entry.path
            for entry in os.scandir(parent)
            if entry.name.startswith(prefix)
            and entry.is_dir(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_uid == os.getuid()
        ]
    except OSError:
        return
    for folder in left:
        if _lock(folder, wait=False):
            remove(folder)


def _lock(folder: str, wait: bool) -> bool:
    """Locks the folder until this process and all of its forks end. Returns False if somebody else has locked it.

    The descriptor is never closed. Where a file system has no locks, nobody removes what is left.
    """
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        flock(descriptor, LOCK_EX if wait else LOCK_EX | LOCK_NB)
    except OSError:
        os.close(descriptor)
        return wait
    return True
