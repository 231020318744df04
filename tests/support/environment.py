"""The environment that tests start programs with."""

from __future__ import annotations

import os


def environment(*without: str) -> dict[str, str]:
    """Returns a copy of the environment without the variables whose names begin so.

    A thread may call it while pytest changes the original.
    """
    names = [name for name in list(os.environ) if not name.startswith(without)]
    return {name: value for name in names if (value := os.environ.get(name)) is not None}
