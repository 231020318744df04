"""`--without NAME` and `without` in `[tool.flowc]`: a flow compiles and runs as if it did not have the decorator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.building import documents
from tests.support.environment import environment
from tests.support.running import LIMIT, artifacts, flowc

FLOW = """from metaflow import FlowSpec, fancy_flow, slack, step


@fancy_flow(kind="a")
class Talking(FlowSpec):
    @slack(channel="alerts")
    @step
    def start(self):
        self.x = 1
        self.next(self.end)

    @slack
    @step
    def end(self):
        self.y = self.x + 1
        if self.x != 1:
            raise ValueError


if __name__ == "__main__":
    Talking()
"""
LEFT_OUT = ("--without", "slack", "--without", "@fancy_flow")


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "talking.py"
    path.write_text(FLOW)
    (tmp_path / ".git").mkdir()
    return path


def test_the_refusal_names_the_option(flow: Path) -> None:
    done = flowc("check", "talking.py", cwd=flow.parent)
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "`--without slack`" in text and "`--without fancy_flow`" in text


@pytest.mark.parametrize("isolation", [(), ("--isolation", "process")])
def test_a_run(flow: Path, tmp_path: Path, isolation: tuple[str, ...]) -> None:
    words = ("run", "talking.py", "--store", str(tmp_path / "store"), "--run-id", "r", *isolation)
    flowc(*words, *LEFT_OUT, cwd=flow.parent, check=True)
    assert artifacts(tmp_path / "store", "end")["y"] == "2"


def test_a_resumed_run_needs_no_option(flow: Path, tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store"))
    # of another length: Python would take a file of the same length and second for the one that it has compiled
    flow.write_text(FLOW.replace("!= 1", " ==  1"))
    assert flowc("run", "talking.py", *store, "--run-id", "r", *LEFT_OUT, cwd=flow.parent).returncode == 1
    flow.write_text(FLOW)
    flowc("resume", "talking.py", *store, "--origin-run-id", "r", cwd=flow.parent, check=True)


def test_python_starts_the_flow(flow: Path, tmp_path: Path) -> None:
    def starts(*words: str) -> None:
        command = [sys.executable, "talking.py", "run", "--store", str(tmp_path / "store"), *words]
        env = environment("FLOWC_", "AWS_")
        done = subprocess.run(command, cwd=flow.parent, env=env, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr

    starts(*LEFT_OUT)
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nwithout = ["slack", "fancy_flow"]\n')
    starts()


def test_a_spec_says_so(flow: Path) -> None:
    words = ("compile", "talking.py", "--target", "argo", "--store", "s3://bucket/x", "-o", "-")
    done = flowc(*words, *LEFT_OUT, cwd=flow.parent, check=True)
    annotations = documents(done.stdout)[0]["metadata"]["annotations"]
    assert annotations["flowc/inputs"] == "--without fancy_flow; --without slack"


def test_mistakes(flow: Path, tmp_path: Path) -> None:
    done = flowc("check", "talking.py", *LEFT_OUT, "--without", "slak", cwd=flow.parent)
    assert done.returncode == 0 and "`--without slak` has no effect" in done.stdout + done.stderr
    done = flowc("check", "talking.py", "--without", "a b", cwd=flow.parent)
    assert done.returncode == 2 and "is not the name of a decorator" in done.stderr
    (tmp_path / "pyproject.toml").write_text("[tool.flowc]\nwithout = [1]\n")
    done = flowc("check", "talking.py", cwd=flow.parent)
    assert done.returncode == 1 and "FLOW604" in done.stdout + done.stderr
