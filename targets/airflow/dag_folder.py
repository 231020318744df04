"""What a folder of DAG files can do, wherever it is (`dag_folders.py`)."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Folder(Protocol):
        """A place for DAG files. Every method raises EngineError."""

        url: str

        def read(self, name: str) -> File | None:
            """Returns the file as readers of the folder have it, or None."""

        def write(self, name: str, text: str, what: str) -> None:
            """Writes or replaces the file. `what` says why, where there is a place for that."""

        def remove(self, name: str, what: str) -> None:
            """Removes the file, if it is there."""

        def refusal(self) -> str:
            """Returns what this process may not do in the folder, or ""."""


@record
class File:
    """A file of the folder."""

    text: str
    by: str = ""  # who wrote it last; "" if unknown
    at: str = ""  # when, in ISO 8601; "" if unknown
