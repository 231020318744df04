"""Importing from source roots, where a flow runs from its repository: what they have is found as in the code package.

There, modules of roots lie beside the flow. So here a root comes before installed packages, and gives no module of
Python's own library. A folder without `__init__.py` is a package only if nothing installed has its name.
"""

from __future__ import annotations

import sys
from _frozen_importlib_external import PathFinder

from ..contract import source_roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Tuple


class _Roots:
    """A finder of top-level modules; those below them are found through their packages."""

    def __init__(self, folders: Tuple[str, ...]) -> None:
        self.folders = folders

    def find_spec(self, name: str, path: Any = None, _target: Any = None) -> Any:
        """Returns the spec of a module that a root has, or None."""
        if path is not None or name in _STANDARD or name in ("flowc", "metaflow"):
            return None
        spec = PathFinder.find_spec(name, list(self.folders))
        if spec is None or spec.loader is not None:
            return spec
        others = PathFinder.find_spec(name, None)
        if others is not None and others.loader is not None:
            return others
        return PathFinder.find_spec(name, [*self.folders, *sys.path])


_STANDARD = frozenset(getattr(sys, "stdlib_module_names", sys.builtin_module_names))


def install(folder: str) -> None:
    """Has this process import from the roots that it was given, after the flow's folder."""
    folders = (folder, *source_roots.given())
    if not any(isinstance(finder, _Roots) and finder.folders == folders for finder in _finders()):
        sys.meta_path[:] = [finder for finder in _finders() if not isinstance(finder, _Roots)]
        _finders().insert(0, _Roots(folders))


def _finders() -> List[Any]:
    return sys.meta_path
