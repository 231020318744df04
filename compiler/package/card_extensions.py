"""The card types of packages of `metaflow_extensions` beside the flow. A task finds them; no code imports them.

A package that is installed is not the flow's code: the image of a task must have it, as any other.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ir.nodes import Flow
    from ..source.sources import Sources

_FOLDER = "metaflow_extensions"


def has_cards(flow: Flow) -> bool:
    """Returns True if a step has a `@card`."""
    return any(decorator.name == "card" for step in flow.steps for decorator in step.decorators)


def files_of_cards(sources: Sources) -> Iterator[str]:
    """Yields the paths of all files, templates too, of the packages' cards in the flow's folder and its roots."""
    seen = set()
    for root in (sources.folder, *sources.roots()):
        top = os.path.join(root, _FOLDER)
        for package in sorted(os.listdir(top)) if os.path.isdir(top) else ():
            for path in _files(root, f"{_FOLDER}/{package}/plugins/cards"):
                if path not in seen and sources.takes(path, root):
                    seen.add(path)
                    yield path


def module_of(path: str) -> str:
    """Returns the dotted name of a Python file; "" for another file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") if path.endswith(".py") else ""


def _files(root: str, folder: str) -> Iterator[str]:
    full = os.path.join(root, *folder.split("/"))
    for entry in sorted(os.listdir(full)) if os.path.isdir(full) and not os.path.islink(full) else ():
        if entry == "__pycache__" or entry.startswith("."):
            continue
        path = f"{folder}/{entry}"
        if os.path.isfile(os.path.join(full, entry)):
            yield path
        else:
            yield from _files(root, path)
