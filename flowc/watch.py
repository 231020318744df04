"""`flowc check --watch`: repeats the check whenever one of its files changes.

It polls the files: that needs no library, works on every file system, and a flow has few files.
"""

from __future__ import annotations

import os
import sys
import time

from flowc.compiler.report.diagnostics import Refused

from .terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

INTERVAL = 0.3  # seconds between polls


def watch(once: Callable[[], tuple[int, list[str]]], out: Output, interval: float = INTERVAL) -> int:
    """Calls `once`, which returns an exit code and its files, after every change. Ends only by KeyboardInterrupt."""
    while True:
        if sys.stdout.isatty():
            out.print("\x1b[2J\x1b[H\x1b[3J")
        started = time.time_ns()
        try:
            _, files = once()
        except Refused as refused:
            out.report(refused.diagnostics, refused.sources)
            files = list(refused.sources)
        sys.stdout.flush()
        sys.stderr.flush()
        before = _states(files)
        changed_meanwhile = any(state is not None and state[0] > started for state in before.values())
        while not changed_meanwhile and _states(files) == before:
            time.sleep(interval)


def _states(files: Iterable[str]) -> dict[str, tuple[int, int] | None]:
    """Returns the modification time and size of each file or folder, None for a missing one."""
    states: dict[str, tuple[int, int] | None] = {}
    for path in files:
        try:
            state = os.stat(path)
            states[path] = (state.st_mtime_ns, state.st_size)
        except OSError:
            states[path] = None
    return states
