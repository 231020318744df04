"""Attempts in progress, alone or as a gang, and how their processes ended."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Dict, List, Optional, Tuple

from ..contract import address
from ..contract.errors import ShimError
from .attempt_output import AttemptOutput

Task = Tuple[str, str, int]  # step, path, attempt


class Running:
    """An attempt in progress."""

    def __init__(self, number: int, task: Task, output: AttemptOutput, line: str = "") -> None:
        self.number, self.task, self.output = number, task, output
        self.line = line  # the file for the line that it leaves for the engine, in a container
        self.pid = 0
        self.status: Optional[int] = None
        self.deadline: Optional[float] = None  # by the monotonic clock
        self.killed = ""  # why the supervisor killed it
        self.started = time.time()
        self.peak = 0  # peak memory of its process, in bytes; 0 while it runs
        self.gang: Optional[Gang] = None

    def signal(self, number: int) -> None:
        """Sends a signal to the attempt's process group. SIGKILL is also sent to what the attempt left behind."""
        if self.pid and (self.status is None or number == signal.SIGKILL):
            try:
                os.killpg(self.pid, number)
            except OSError:
                pass

    def last_line(self) -> str:
        """Returns the line that the attempt has left for the engine; "" without one."""
        try:
            with open(self.line, encoding="utf-8", errors="replace") as file:
                return file.read().strip()
        except OSError:
            return ""


class Gang:
    """The tasks of one `num_parallel`. They start together, and if one fails all are retried."""

    def __init__(self) -> None:
        self.token = f"-{os.urandom(4).hex()}"  # identifies this try
        self.running: List[Running] = []
        self.failed: List[Running] = []  # without a record
        self.ended = 0  # number of members that have ended, with a record or without
        self.why = ""  # the first reason for its failure
        self.hopeless = False


def task_name(task: Task) -> str:
    """Returns the task's name for people: `measure/63`, and the step's alone outside a foreach."""
    step, path, _ = task
    return step if path == address.ROOT else f"{step}/{path}"


def how_it_ended(status: int, peak: int, failed: Dict[str, Any]) -> str:
    """Returns why an attempt failed, from the status of its process, its peak memory, and the failure it recorded."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = f" (out of memory? It used up to {_amount(peak)})" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    if failed:
        message = str(failed["message"]).strip().split("\n")[0]
        if str(failed["type"]).startswith(f"{ShimError.__module__}."):  # a message of the shim's own
            return message
        kind = str(failed["type"])
        kind = kind.rpartition(".")[2] if kind.startswith("flowc.runtime_shim.") else kind
        return f"{kind}: {message}" if message else kind
    return f"its process ended with exit code {code} in the middle of the step"


def _amount(size: int) -> str:
    return f"{size / 2**30:.1f} GiB of memory" if size >= 2**30 else f"{size / 2**20:.0f} MiB of memory"
