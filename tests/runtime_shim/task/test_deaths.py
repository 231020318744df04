"""However a task ends, a record or a failure states it with the last printed lines, and so does the run's end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import Done, flowc, run

SOURCE = """
import ctypes, os, resource, signal, subprocess, sys, time
from metaflow import FlowSpec, Parameter, step, timeout


class Ends(FlowSpec):
    how = Parameter("how")

    @timeout(seconds=1)
    @step
    def start(self):
        print("the last words")
        if self.how == "_exit3":
            os._exit(3)
        if self.how == "_exit0":
            os._exit(0)
        if self.how == "exit0":
            sys.exit(0)
        if self.how == "segmentation fault":
            ctypes.string_at(0)
        if self.how == "out of memory":
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does
        if self.how == "no memory":
            resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
            bytearray(1 << 32)
        if self.how == "hangs":
            time.sleep(100)
        if self.how == "children":
            subprocess.Popen(["sleep", "60"])
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    created = tmp_path_factory.mktemp("ends")
    (created / "flow.py").write_text(SOURCE)
    return created


def ended(folder: Path, how: str) -> tuple[Done, dict[str, Any]]:
    """Returns the run, and the message of its failure."""
    name = how.replace(" ", "-")
    done = run(folder / "flow.py", folder / "store", "--how", how, run_id=name, check=False)
    assert "runtime_shim" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done, json.loads((folder / "store" / "Ends" / "runs" / name / "start" / "-.0.failure.json").read_bytes())


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("_exit3", "its process ended with exit code 3 in the middle of the step"),
        ("_exit0", "its process ended with exit code 0 in the middle of the step"),
        ("segmentation fault", "its process was ended by SIGSEGV"),
        ("out of memory", "its process was ended by SIGKILL (out of memory? It used up to "),
    ],
)
def test_processes_that_can_say_nothing(how: str, says: str, folder: Path) -> None:
    done, left = ended(folder, how)
    assert done.returncode == 1
    assert (
        left["type"] == "ProcessEnded"
        and left["message"].startswith(says)
        and left["last_lines"][0] == "the last words"
    )
    assert f"start: {says}" in done.stderr and "  its last output:\n    the last words" in done.stderr
    assert "its log: flowc logs " in done.stderr and "flowc resume " in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("exit0", "SystemExit: 0"),
        ("no memory", "MemoryError"),
        ("hangs", "TimeoutException: Step start timed out after 0 hours, 0 minutes, 1 seconds"),
    ],
)
def test_processes_that_can(how: str, says: str, folder: Path) -> None:
    done, left = ended(folder, how)
    assert done.returncode == 1 and left["traceback"].rstrip().endswith(says) and f"start: {says}" in done.stderr
    assert 'flow.py", line ' in done.stderr


def test_a_child_that_holds_the_output_open_holds_nothing_up(folder: Path) -> None:
    done = run(folder / "flow.py", folder / "store", "--how", "children", run_id="children")
    assert "the last words" in done.stdout and "succeeded" in done.stdout


def test_the_client_tells_how_it_ended(folder: Path) -> None:
    ended(folder, "_exit3")
    script = (
        "from flowc import Run, metadata, namespace; import sys; metadata(sys.argv[1]); namespace(None)\n"
        "task = Run('Ends/_exit3')['start'].task; print(task.exception, task.stdout, task.successful)"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "store")], capture_output=True, text=True, check=True
    )
    assert (
        "its process ended with exit code 3" in done.stdout
        and "the last words" in done.stdout
        and done.stdout.rstrip().endswith("False")
    )
    assert "failed" in flowc("runs", "Ends", "--store", str(folder / "store"), check=True).stdout
