"""The package that a flow's file belongs to, for a flow that is started with `python -m PACKAGE.FLOW`."""

from __future__ import annotations

import os


def around(folder: str) -> tuple[str, str] | None:
    """Returns the folder that holds the outermost package around `folder`, and the dotted name of `folder` from there.

    A folder without `__init__.py` is a package by itself. Returns None if its name, or one above, is no identifier, and
    for a package directly below the root of the disk or the user's home, which are no source roots.
    """
    current = os.path.abspath(folder)
    names = [os.path.basename(current)]
    while os.path.isfile(os.path.join(current, "__init__.py")):
        parent = os.path.dirname(current)
        if parent == current or not os.path.isfile(os.path.join(parent, "__init__.py")):
            break
        current = parent
        names.insert(0, os.path.basename(current))
    root = os.path.dirname(current)
    if root in (os.path.abspath(os.sep), os.path.expanduser("~")) or not all(name.isidentifier() for name in names):
        return None
    return root, ".".join(names)
