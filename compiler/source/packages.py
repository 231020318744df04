"""The package that a flow's file belongs to, for a flow that is started with `python -m PACKAGE.FLOW`."""

from __future__ import annotations

import os


def around(folder: str) -> tuple[str, str] | None:
    """Returns the folder that holds the outermost package around `folder`, and the dotted name of `folder` from there.

    A folder without `__init__.py` is a package by itself. Returns None if its name, or one above, is no identifier.
    """
    current = os.path.abspath(folder)
    names = [os.path.basename(current)]
    while os.path.isfile(os.path.join(current, "__init__.py")):
        parent = os.path.dirname(current)
        if parent == current or not os.path.isfile(os.path.join(parent, "__init__.py")):
            break
        current = parent
        names.insert(0, os.path.basename(current))
    if not all(name.isidentifier() for name in names):
        return None
    return os.path.dirname(current), ".".join(names)
