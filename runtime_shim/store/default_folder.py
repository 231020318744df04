"""`.flowc`: the datastore of a folder and of those below it."""

from __future__ import annotations

import os

FOLDER = ".flowc"


def nearest(folder: str) -> str:
    """Returns `.flowc` in the folder or in one above it; "" if there is none."""
    while True:
        candidate = os.path.join(folder, FOLDER)
        if os.path.isdir(candidate):
            return candidate
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
