"""`flowc run --trigger FLOW/RUN`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import flowc

UPSTREAM = """
from metaflow import FlowSpec, Parameter, step

class Up(FlowSpec):
    fails = Parameter("fails", default=False)

    @step
    def start(self):
        assert not self.fails
        self.next(self.done)

    @step(end=True)
    def done(self):
        pass
"""
DOWN = """
from metaflow import FlowSpec, current, step, trigger_on_finish

@trigger_on_finish(flow="Up")
class Down(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("heard", [event.name for event in current.trigger] if current.get("trigger") else None)
        print("of", current.trigger["Up"].pathspec if current.get("trigger") else None)
"""


def test_a_local_run_follows_the_end_of_another(tmp_path: Path) -> None:
    (tmp_path / "up.py").write_text(UPSTREAM)
    (tmp_path / "down.py").write_text(DOWN)
    store = ("--store", str(tmp_path / "store"))
    flowc("run", str(tmp_path / "up.py"), "--run-id", "u", *store, check=True)
    done = flowc("run", str(tmp_path / "down.py"), "--trigger", "Up/u", *store, check=True)
    assert "heard ['metaflow.Up.done', 'metaflow.Up.end']" in done.stdout and "of Up/u" in done.stdout
    assert "heard None" in flowc("run", str(tmp_path / "down.py"), *store, check=True).stdout


@pytest.mark.parametrize(
    ("flow", "trigger", "said"),
    [
        ("down.py", "Up/unknown", "there is no run 'unknown' of flow Up"),
        ("down.py", "Up/failed", "run Up/failed has not succeeded"),
        ("down.py", "Up", "`--trigger Up` names no run"),
        ("up.py", "Up/failed", "`--trigger` needs a flow with `@trigger_on_finish`"),
    ],
)
def test_what_starts_nothing_is_refused(tmp_path: Path, flow: str, trigger: str, said: str) -> None:
    (tmp_path / "up.py").write_text(UPSTREAM)
    (tmp_path / "down.py").write_text(DOWN)
    store = ("--store", str(tmp_path / "store"))
    flowc("run", str(tmp_path / "up.py"), "--run-id", "failed", "--fails", "true", *store)
    done = flowc("run", str(tmp_path / flow), "--trigger", trigger, *store)
    assert done.returncode == 2 and said in done.stderr
