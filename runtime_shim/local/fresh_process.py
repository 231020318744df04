"""Runs one task of a local run in a new process, which imports the flow again.

This is for flows whose process cannot be forked. `python -m flowc.runtime_shim.local.fresh_process` takes the request
on standard input (`Work` and the task's address, as JSON).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict

from ..task.capture import by_line
from .warm_process import leave, load_flow, run_request
from .work import Work


def main() -> int:
    data: Dict[str, Any] = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    by_line()
    work = Work(**data["work"])
    return run_request(work, data["request"], lambda: load_flow(work))


def start() -> None:
    """Runs the task, and ends the process."""
    leave(main())


if __name__ == "__main__":
    start()
