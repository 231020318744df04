"""Environments on this machine: each is made once, in a folder named by its digest that all runs share, by uv, from the
lock alone.

A folder that has no mark of being complete is made anew: whoever made it was killed. Who makes one holds a lock of the
file system, which the kernel releases when the process ends, whatever ends it; others wait, and find it made.
"""

from __future__ import annotations

import os
import sys

from flowc.terminal import Failure

from . import uv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .pylock import Lock

COMPLETE = ".flowc-complete"


def root() -> str:
    """Returns the folder of all that flowc keeps on this machine: FLOWC_CACHE, else that of the user's caches."""
    given = os.environ.get("FLOWC_CACHE")
    if given:
        return os.path.abspath(given)
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "flowc")


def make(lock: Lock, say: Callable[[str], None]) -> str:
    """Returns the path of the Python that has the environment's packages; makes the environment unless it is there.

    Raises Failure, saying why not.
    """
    digest = lock.environment.partition(":")[2]
    folder = os.path.join(root(), "environments", digest)
    python = os.path.join(folder, "bin", "python")
    if _is_whole(folder, python):
        return python
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with open(f"{folder}.lock", "ab") as file:
            for _ in _turn(file.fileno(), lambda: say(f"environment `{lock.name}` is being made by another run")):
                if not _is_whole(folder, python):
                    _make(lock, folder, python, say)
    except OSError as error:
        raise Failure(f"the environment `{lock.name}` cannot be made in {folder}: {error.strerror or error}") from None
    return python


def _is_whole(folder: str, python: str) -> bool:
    """Whether the environment was made to its end, and the Python that it was made of is still there."""
    return os.path.exists(os.path.join(folder, COMPLETE)) and os.path.exists(python)


def _turn(descriptor: int, wait: Callable[[], None]) -> Iterator[None]:
    """Yields once nobody else has the file; `wait` is called if somebody has."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield


def _make(lock: Lock, folder: str, python: str, say: Callable[[str], None]) -> None:
    import time

    count, size = len(lock.wheels), sum(each.size for each in lock.wheels) / 1e6
    say(f"environment `{lock.name}`: making it, {count} package{'s' if count != 1 else ''}, {size:.1f} MB")
    started = time.monotonic()
    _remove(folder)
    try:
        _install(lock, folder, python)
        with open(os.path.join(folder, COMPLETE), "wb") as file:
            file.write(f"{lock.environment}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        _remove(folder)
        raise
    say(f"environment `{lock.name}`: made in {time.monotonic() - started:.1f} s")


def _install(lock: Lock, folder: str, python: str) -> None:
    """Raises Failure where uv could not do it."""
    here = "{}.{}".format(*sys.version_info)
    try:
        uv.run(["venv", "-q", "--no-project", "-p", sys.executable if lock.python == here else lock.python, folder])
    except uv.Refused as error:
        raise Failure(
            f"the environment `{lock.name}` needs Python {lock.python}, of which uv cannot make one here: {error}\n"
            f"to install it: `uv python install {lock.python}`; to run with the Python of flowc: `--environments off`"
        ) from None
    if not lock.wheels:
        return
    try:
        install_wheels(lock, ["--python", python])
    except uv.Refused as error:
        raise Failure(f"the packages of the environment `{lock.name}` cannot be installed: {error}") from None


def install_wheels(lock: Lock, where: list[str]) -> None:
    """Installs exactly the files that are locked; `where` are uv's options that say to which place.

    Raises uv.Refused.
    """
    options, _ = uv.indexes(tuple(lock.indexes[:-1]), lock.indexes[-1] if lock.indexes else "", over=True)
    common = ["pip", "install", "-q", "--no-deps", "--require-hashes", "--no-build", "-r", "-"]
    uv.run([*common, *options, *where], "".join(f"{each.requirement}\n" for each in lock.wheels))


def _remove(folder: str) -> None:
    """Deletes the folder, its mark first: half of a folder must not look whole."""
    import shutil

    try:
        os.remove(os.path.join(folder, COMPLETE))
    except FileNotFoundError:
        pass
    shutil.rmtree(folder, ignore_errors=True)
