"""The cost of a task in a local run, compared with forking a process that does nothing."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from .flows import wide
from .measure import row, side_by_side

TASKS = 1000


def main() -> None:
    print(f"a local task: the cost of each of {TASKS} more trivial tasks of a foreach")
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for tasks in (1, TASKS + 1):
            Path(folder, f"flow{tasks}.py").write_text(wide(tasks))
            commands[str(tasks)] = [
                sys.executable,
                "-m",
                "flowc",
                "run",
                f"flow{tasks}.py",
                "--quiet",
                "--store",
                f"store{tasks}",
            ]
        seconds = side_by_side(commands, rounds=3, cwd=folder)
    task = (seconds[str(TASKS + 1)] - seconds["1"]) / TASKS
    fork = _fork()
    row("a run of one task of each step", f"{1000 * seconds['1']:.0f} ms")
    row("fork and wait, in a process of the same modules", f"{1000 * fork:.2f} ms")
    row("one more task", f"{1000 * task:.2f} ms", f"{task / fork:.1f} × a fork")


def _fork() -> float:
    """Returns the seconds of a fork that exits at once, in a process that has imported what the local runner imports.

    It is the mean of the fastest batch.
    """
    import flowc.runtime_shim.local.warm_process  # noqa: F401

    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(200):
            pid = os.fork()
            if not pid:
                os._exit(0)
            os.waitpid(pid, 0)
        best = min(best, (time.perf_counter() - began) / 200)
    return best
