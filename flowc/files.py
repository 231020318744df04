"""Writing files so that nobody ever reads half of one, and so that an unchanged file keeps its time."""

from __future__ import annotations

import os

from .terminal import Failure


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
    """Makes the file, and the folders above it, at once: a reader sees the old content or the new. Raises Failure, saying why not."""
    path = os.path.realpath(path) if os.path.islink(path) else path  # a link stays a link
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:200]}.{os.getpid()}.tmp")
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


def reason(error: Exception) -> str:
    """What the operating system said."""
    return getattr(error, "strerror", None) or str(error)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except (OSError, ValueError):
        pass
