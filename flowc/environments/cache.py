"""Environments on this machine: uv installs each once, from the lock alone, into a folder that all runs share.

The folder's name is the environment's digest. A folder without a completion mark is rebuilt, because its builder was
killed. The builder holds a file lock, which the kernel releases however the process ends. Others wait for it, and then
find the environment complete.
"""

from __future__ import annotations

import os

from flowc.terminal import Failure

from . import shown, uv
from .folders import root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .pylock import Lock

COMPLETE = ".flowc-complete"


def make(lock: Lock, say: Callable[[str], None]) -> str:
    """Returns the path of the environment's Python, and installs the environment if it is missing.

    Raises Failure with the reason.
    """
    digest = lock.environment.partition(":")[2]
    folder = os.path.join(root(), "environments", digest)
    python = os.path.join(folder, "bin", "python")
    if _is_whole(folder, python):
        return python
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with open(f"{folder}.lock", "ab") as file:
            for _ in _turn(
                file.fileno(), lambda: say(f"environment `{lock.name}`: waiting for another run to install it")
            ):
                if not _is_whole(folder, python):
                    _make(lock, folder, python, say)
    except OSError as error:
        raise Failure(f"cannot install the environment `{lock.name}` in {folder}: {error.strerror or error}") from None
    return python


def _is_whole(folder: str, python: str) -> bool:
    """Returns True if the installation was completed, and its Python still exists."""
    return os.path.exists(os.path.join(folder, COMPLETE)) and os.path.exists(python)


def _turn(descriptor: int, wait: Callable[[], None]) -> Iterator[None]:
    """Yields once this process holds the file's lock; calls `wait` if a different one holds it now."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield


def _make(lock: Lock, folder: str, python: str, say: Callable[[str], None]) -> None:
    import time

    say(f"environment `{lock.name}`: installing {shown.packages(lock.count)}, {shown.size(lock.size)}")
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
    say(f"environment `{lock.name}`: installed in {time.monotonic() - started:.1f} s")


def _install(lock: Lock, folder: str, python: str) -> None:
    """Creates the virtual environment and installs its packages. Raises Failure if uv fails."""
    if lock.conda:
        from . import conda_install

        conda_install.install(lock, folder)
        try:
            conda_install.add_wheels(lock, folder)
        except uv.Refused as error:
            raise Failure(f"the packages of the environment `{lock.name}` cannot be installed: {error}") from None
        return
    try:
        uv.run(["venv", "-q", "--no-project", "-p", uv.python(lock.python), folder])
    except uv.Refused as error:
        raise Failure(
            f"the environment `{lock.name}` needs Python {lock.python}, and uv finds none here: {error}\n"
            f"install it with `uv python install {lock.python}`, or run with flowc's own Python: `--environments off`"
        ) from None
    if not lock.wheels:
        return
    from .wheels import install_wheels

    try:
        install_wheels(lock, ["--python", python])
    except uv.Refused as error:
        raise Failure(f"the packages of the environment `{lock.name}` cannot be installed: {error}") from None


def _remove(folder: str) -> None:
    """Deletes the folder, its mark first, so that a partial folder never looks complete."""
    import shutil

    try:
        os.remove(os.path.join(folder, COMPLETE))
    except FileNotFoundError:
        pass
    shutil.rmtree(folder, ignore_errors=True)
