"""Keeps what the flow's modules print when they are imported, so that each task's log begins with it.

A container with one task imports the flow for that task alone. Where several tasks share a process that has imported
it, each of their logs has these lines too.
"""

from __future__ import annotations

import os
import tempfile
from typing import Dict

from ..task.capture import flush


class ImportOutput:
    """A context manager that keeps what is printed within it, by file descriptor."""

    def __init__(self) -> None:
        self.printed: Dict[int, bytes] = {}

    def __enter__(self) -> ImportOutput:
        flush()
        self._files = {descriptor: tempfile.TemporaryFile() for descriptor in (1, 2)}  # noqa: SIM115
        self._originals = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
        for descriptor, file in self._files.items():
            os.dup2(file.fileno(), descriptor)
        return self

    def __exit__(self, *_: object) -> None:
        flush()
        for descriptor, original in self._originals.items():
            os.dup2(original, descriptor)
            os.close(original)
        for descriptor, file in self._files.items():
            with file:
                file.seek(0)
                self.printed[descriptor] = file.read()

    def repeat(self) -> None:
        """Prints it again, in a process that will run a task."""
        for descriptor, data in self.printed.items():
            while data:
                data = data[os.write(descriptor, data) :]
