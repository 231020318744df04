"""The environment that tests start programs with."""

from __future__ import annotations

import os


def environment(*without: str) -> dict[str, str]:
    """The environment, but for variables whose names begin so: a copy that can be taken in a thread, while pytest changes the original."""
    names = [name for name in list(os.environ) if not name.startswith(without)]
    return {name: value for name in names if (value := os.environ.get(name)) is not None}
