"""Gives the classes of the client's objects access to one another: a step belongs to a run, and a run has steps."""

from __future__ import annotations

from typing import Any, Callable, Tuple

_NAMES = ("Flow", "Run", "Step", "Task", "DataArtifact")

_importer: Any = None


def register(importer: Callable[[str], Any]) -> None:
    """Sets the function that imports a class by name.

    `client/__init__.py` calls it, since it knows where each class is.
    """
    global _importer
    _importer = importer


def named(name: str) -> Any:
    """Returns the class with the given name."""
    return _importer(name)


def of(parts: Tuple[str, ...]) -> Any:
    """Returns the class of objects whose pathspec has this many parts."""
    return named(_NAMES[len(parts) - 1])
