"""Measures how `flowc ui` shows and searches a log of 100 MB, in seconds and in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from .measure import row

LINES = 1_000_000  # of 100 bytes
FLOW = """from metaflow import FlowSpec, step


class Logged(FlowSpec):
    @step
    def start(self):
        print("x")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def main(folder: str) -> None:
    Path(folder, "logged.py").write_text(FLOW)
    flowc = [sys.executable, "-m", "flowc"]
    command = [*flowc, "run", "logged.py", "--run-id", "r", "-q", "--store", "logs"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (log,) = Path(folder, "logs/Logged/runs/r/start").glob("*.log")
    with log.open("wb") as file:
        for number in range(LINES):
            file.write(b"2026-01-02T03:04:05.123456789Z stdout F %-50d word%04d\n" % (number, number % 10_000))
    ui = subprocess.Popen([*flowc, "ui", "--store", "logs"], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert ui.stdout is not None
        server, _, token = ui.stdout.readline().rpartition(" ")[2].strip().partition("#token=")

        def asked(path: str) -> float:
            began = time.perf_counter()
            request = urllib.request.Request(f"{server}api/{path}", headers={"Authorization": f"Bearer {token}"})
            json.loads(urllib.request.urlopen(request).read())
            return time.perf_counter() - began

        asked("run/Logged/r")
        before = _peak(ui.pid)
        first = min(asked("log/Logged/r/start/-/0") for _ in range(3))
        search = min(asked("find/Logged/r/start/-/0?q=word77&stream=both") for _ in range(3))
        row(
            f"flowc ui: first and last lines of a log of {log.stat().st_size / 1e6:.0f} MB", f"{first:.2f} s", "≤ 0.3 s"
        )
        row("flowc ui: a search in all of it", f"{search:.2f} s", "≤ 2 s")
        if before:
            row("flowc ui: memory that both have added", f"{_peak(ui.pid) - before:.0f} MB", "≤ 20 MB")
    finally:
        ui.kill()
        ui.communicate()
        log.unlink()


def _peak(pid: int) -> float:
    """Returns the most memory that the process has had, in MB; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1000


def idle(pid: int, seconds: float = 10) -> float:
    """Returns the share of a core that the process has used while nobody asked for anything, in per cent."""
    ticks = os.sysconf("SC_CLK_TCK")

    def used() -> int:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))

    before = used()
    time.sleep(seconds)
    return 100 * (used() - before) / ticks / seconds
