"""Keeps what the flow's modules print when they are imported, so that each task's log begins with it.

A container with one task imports the flow for that task alone. Where several tasks share a process that has imported
it, each of their logs has these lines too.
"""

from __future__ import annotations

import os
from typing import Dict

from ..task.capture import flush


class ImportOutput:
    """A context manager that keeps what is printed within it, by file descriptor."""

    def __init__(self, folder: str) -> None:
        """`folder` is a private one of the container."""
        self.folder = folder
        self.printed: Dict[int, bytes] = {}

    def __enter__(self) -> ImportOutput:
        flush()
        self._originals = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
        for descriptor in self._originals:
            file = os.open(self._file(descriptor), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, descriptor)
            os.close(file)
        return self

    def __exit__(self, *_: object) -> None:
        flush()
        for descriptor, original in self._originals.items():
            os.dup2(original, descriptor)
            os.close(original)
            with open(self._file(descriptor), "rb") as file:
                self.printed[descriptor] = file.read()

    def _file(self, descriptor: int) -> str:
        return os.path.join(self.folder, f"import-{descriptor}")

    def repeat(self) -> None:
        """Prints it again, in a process that will run a task."""
        for descriptor, data in self.printed.items():
            while data:
                data = data[os.write(descriptor, data) :]
