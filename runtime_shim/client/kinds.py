"""The classes of the client's objects, for one another: a step belongs to a run, and a run consists of steps."""

from __future__ import annotations

from typing import Any, Callable, Tuple

_NAMES = ("Flow", "Run", "Step", "Task", "DataArtifact")

_importer: Any = None


def register(importer: Callable[[str], Any]) -> None:
    """Sets what imports the class of a name. Done by client/__init__.py, which knows where each is."""
    global _importer
    _importer = importer


def named(name: str) -> Any:
    """Returns the class of that name."""
    return _importer(name)


def of(parts: Tuple[str, ...]) -> Any:
    """Returns the class of the objects whose pathspecs have as many parts."""
    return named(_NAMES[len(parts) - 1])
