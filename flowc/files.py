"""Atomic writes of files, so that no reader sees half a file."""

from __future__ import annotations

import os

from .terminal import Failure

_TEMPORARY = ".tmp"


def read(path: str) -> bytes | None:
    """Returns the file's content, None if there is no file. Raises Failure if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read `{path}`: {reason(error)}") from None


def write(path: str, data: bytes) -> None:
    """Writes the file atomically, and makes the folders above it. Raises Failure, with the reason."""
    path = os.path.realpath(path) if os.path.islink(path) else path  # a link stays a link
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:200]}.{os.getpid()}{_TEMPORARY}")
    try:
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except (OSError, ValueError) as error:
        _remove(temporary)
        raise Failure(f"cannot write `{path}`: {reason(error)}") from None
    except BaseException:
        _remove(temporary)
        raise


def remove(path: str) -> None:
    """Deletes the file if it exists. Raises Failure, with the reason."""
    try:
        os.remove(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise Failure(f"cannot delete `{path}`: {reason(error)}") from None


def sweep(folder: str) -> None:
    """Deletes temporary files of writers that were killed. No process may be writing to the folder (`Turn`)."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith(".") and name.endswith(_TEMPORARY) and name.split(".")[-2].isdigit():
            _remove(os.path.join(folder, name))


class Turn:
    """Lets one process at a time work in a folder, which is created if it is missing. The others wait.

    A process that dies releases its lock. If a folder cannot be locked (Windows, some network file systems), nobody
    waits.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._descriptor = -1

    def __enter__(self) -> bool:
        """Returns True if the others wait."""
        try:
            os.makedirs(self.folder, exist_ok=True)
        except (OSError, ValueError) as error:
            raise Failure(f"cannot write to `{self.folder}`: {reason(error)}") from None
        try:
            import fcntl

            self._descriptor = os.open(self.folder, os.O_RDONLY)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except (OSError, ImportError):
            return False
        return True

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def reason(error: Exception) -> str:
    """Returns the operating system's reason for the error."""
    return getattr(error, "strerror", None) or str(error)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except (OSError, ValueError):
        pass
