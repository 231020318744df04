"""The most memory that a task's process has used, in its record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.client.datastore import open_datastore
from flowc.runtime_shim.task import memory

from tests.support.running import run

needs_kernel = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has /proc/self/status")

FLOW = """from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.size = len(bytearray(b"x") * (200 << 20))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@needs_kernel
def test_a_record_has_the_peak_of_its_own_task(tmp_path: Path) -> None:
    """Of two tasks, only the one that used 200 MiB says so, though that memory was free again when it ended."""
    (tmp_path / "flow.py").write_text(FLOW)
    run(tmp_path / "flow.py", tmp_path / "store", "--max-workers", "1")
    place = open_datastore(str(tmp_path / "store"))
    start, end = (place.record("F", "r", step, "-") for step in ("start", "end"))
    assert start is not None and end is not None
    assert start.data["memory"] >= 200 > end.data["memory"] > 0


@needs_kernel
def test_the_peak_of_the_process_that_started_this_one_does_not_count() -> None:
    held = bytearray(b"x") * (200 << 20)
    code = "from flowc.runtime_shim.task.memory import peak; print(peak())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(held) and 0 < int(done.stdout) < 200 <= memory.peak()
