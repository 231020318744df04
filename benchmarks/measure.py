"""Times processes side by side.

The commands take turns, so that noise on the machine affects all of them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence

ROUNDS = 15


def side_by_side(
    commands: Mapping[str, Sequence[str]], rounds: int = ROUNDS, cwd: str | None = None
) -> dict[str, float]:
    """Returns the seconds of each command's fastest run, by the clock. Raises CalledProcessError if one fails."""
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
                env={**environment, "METAFLOW_HOME": "/nonexistent"},
            )
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def processor_seconds(
    commands: Mapping[str, Sequence[str]], rounds: int = ROUNDS, cwd: str | None = None
) -> dict[str, float]:
    """Returns the median processor time of each command, which other processes affect less than its duration.

    Raises CalledProcessError if one fails. Children of the commands count if they wait for them.
    """
    taken: dict[str, list[float]] = {name: [] for name in commands}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        for name, command in commands.items():
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd, env=environment
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, command)
            taken[name].append(usage.ru_utime + usage.ru_stime)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def row(what: str, value: str, note: str = "") -> None:
    print(f"  {what:58} {value:>12}  {note}".rstrip(), flush=True)
