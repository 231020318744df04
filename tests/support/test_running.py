"""The tests' own helpers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .environment import environment
from .running import PREFORK

FLOW = """
import sys
import beside
from flowc import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.seen = sys.argv[1:], beside.__file__, __name__, sys.path[0]
        print("out", flush=True)
        print("err", file=sys.stderr)
        self.next(self.end)

    @step
    def end(self):
        sys.exit(3)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--version"], ["--nonsense"], ["check", "flow.py"], ["check", "missing.py"], ["show", "flow.py"], ["help", "run"],
        ["run", "flow.py", "--run-id", "r", "--store", "STORE", "-q"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_fork_does_what_a_start_does(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "beside.py").write_text("")
    env = environment("FLOWC_", "AWS_")
    assert PREFORK.fits(env)

    def started(words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flowc", *words], cwd=tmp_path, env=env, capture_output=True, text=True
        )

    def forked(words: list[str]) -> subprocess.CompletedProcess[str]:
        return PREFORK.run(words, str(tmp_path), env, seconds=60)

    done = []
    for way in (forked, started):
        store = way.__name__
        one = way([word.replace("STORE", store) for word in words])
        seen = started(["dump", "r/start", "seen", "--store", store]).stdout if "run" in words else ""
        printed = [re.sub(rf"\d+:\d+:\d+|\d+\.\d s|{store}", "", text) for text in (one.stdout, one.stderr, seen)]
        done.append((one.returncode, *printed))
    assert done[0] == done[1]


def test_what_python_reads_at_its_start_needs_a_start() -> None:
    assert PREFORK.fits({**environment(), "FORCE_COLOR": "1"})
    assert not PREFORK.fits({**environment(), "PYTHONHASHSEED": "1"}) and not PREFORK.fits(
        {**environment(), "LC_ALL": "tr_TR"}
    )


def test_the_environment_can_be_taken_while_it_changes() -> None:
    """pytest changes the environment while threads run flows on engines, so a plain copy fails with a KeyError."""
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            os.environ["FLOWC_SEEN"] = "x"
            del os.environ["FLOWC_SEEN"]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(3_000):
            assert "FLOWC_SEEN" not in environment("FLOWC_")
            assert environment().get("FLOWC_SEEN", "x") == "x"
    finally:
        stop.set()
        thread.join()
