"""Times processes side by side.

The commands take turns, so that noise on the machine affects all of them. The fastest run of each counts.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence

ROUNDS = 15


def side_by_side(
    commands: Mapping[str, Sequence[str]],
    rounds: int = ROUNDS,
    cwd: str | None = None,
    more: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Returns the seconds of each command's fastest run; `more` are further variables of theirs.

    Raises CalledProcessError if one fails.
    """
    best = dict.fromkeys(commands, float("inf"))
    # installed packages have compiled files
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(
                command,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=cwd,
                env={**environment, "METAFLOW_HOME": "/nonexistent", **(more or {})},
            )
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def row(what: str, value: str, note: str = "") -> None:
    print(f"  {what:58} {value:>12}  {note}".rstrip(), flush=True)
