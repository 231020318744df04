"""flowc's cache on this machine."""

from __future__ import annotations

import os


def root() -> str:
    """Returns flowc's cache folder: FLOWC_CACHE, else a folder in the user's cache."""
    folder = os.environ.get("FLOWC_CACHE")
    if folder:
        return os.path.abspath(folder)
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "flowc")
