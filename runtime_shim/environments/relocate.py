"""Moves a conda environment: some of its files name the folder that holds it.

In the archive they name the folder that images have. Text files name it as it is. Compiled files have room for a path
of a fixed length, so there it ends in `/./././.`, which is the same folder. Elsewhere, both are replaced by the folder
in use.
"""

from __future__ import annotations

import os

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from .description import Description

ROOT = "/opt/flowc/environments"  # where images have environments
LENGTH = 200  # of the path in compiled files; conda's packages have room for 255 characters


def place(environment: str) -> str:
    """Returns the environment's folder in an image."""
    return f"{ROOT}/{environment.rpartition(':')[2]}"


def padded(folder: str) -> str:
    """Returns the path of the same folder, of the length that compiled files have room for."""
    return folder + "/." * ((LENGTH - len(folder)) // 2)


def relocate(made: str, folder: str, found: Description) -> None:
    """Makes the files in `made` name `folder`, where they will be. Raises ShimError."""
    old = place(found.environment)
    if folder == old:
        return
    new = os.fsencode(folder)
    for name, mode in found.moving:
        path = os.path.join(made, *_parts(name))
        with open(path, "rb") as file:
            data = file.read()
        if mode == "binary":
            if len(new) > LENGTH:
                raise ShimError(
                    f"the path {folder} is too long for the step's packages: set FLOWC_CACHE to a short one"
                )
            data = _in_binary(data, padded(old).encode(), new)
        else:
            data = data.replace(old.encode(), new)
        with open(path, "r+b") as file:
            file.write(data)
            file.truncate()


def _parts(name: str) -> List[str]:
    parts = name.split("/")
    if any(each in ("", ".", "..") for each in parts) or "\0" in name:
        raise ShimError(f"the environment's description names {name!r}, which is not in the environment")
    return parts


def _in_binary(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replaces the path in texts that end with a NUL byte, whose lengths must stay."""
    pieces: List[bytes] = []
    at = 0
    while True:
        start = data.find(old, at)
        if start < 0:
            return b"".join([*pieces, data[at:]])
        end = data.find(b"\0", start)
        end = len(data) if end < 0 else end
        text = data[start:end].replace(old, new)
        pieces += [data[at:start], text, b"\0" * (end - start - len(text))]
        at = end
