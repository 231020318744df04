"""`@exit_hook` in a local run: the hook is called after the run, and cannot change its outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import run

FLOW = """
from metaflow import FlowSpec, Parameter, exit_hook, step


def well(run):
    print("went well:", run.pathspec, run.successful, run.data.x)


def badly(run):
    print("went badly:", run.pathspec, run.successful)


def fails():
    raise ValueError("a hook's own mistake")


def last(**given):
    print("last of all", sorted(given))


@exit_hook(on_success=[last], on_error=[last])
@exit_hook(on_success=[fails, well], on_error=["badly"])
class F(FlowSpec):
    wrong = Parameter("wrong", default=False)

    @step
    def start(self):
        self.x = 7
        self.next(self.end)

    @step
    def end(self):
        assert not self.wrong, "asked for"
"""


@pytest.mark.parametrize(
    ("wrong", "code", "message"), [("False", 0, "went well: F/r True 7"), ("True", 1, "went badly: F/r False")]
)
def test_hooks(wrong: str, code: int, message: str, tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW)
    done = run(flow, tmp_path / "store", "--wrong", wrong, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == code, printed
    assert message in printed and "last of all ['run']" in printed
    assert ("a hook's own mistake" in printed) == (code == 0)
