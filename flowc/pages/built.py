"""What `make ui` has built from `ui/`, for pages to hold."""

from __future__ import annotations

import os

_FOLDER = os.path.join(os.path.dirname(__file__), "dist")


def built(name: str) -> str:
    """Returns a file of `dist`: `page.js`, `page.css` or `charts.js`."""
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()
