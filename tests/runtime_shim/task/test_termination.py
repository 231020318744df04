"""The last line of an attempt, which the engine keeps, and the end of a loop that runs too often."""

from __future__ import annotations

import json
from pathlib import Path

from ...support.container import Container

FLOW = """
from metaflow import FlowSpec, retry, step

class F(FlowSpec):
    @retry(times=3)
    @step
    def start(self):
        self.n = 1
        self.next(self.go)

    @step
    def go(self):
        self.n += 1
        self.way = "again" if self.n < 9 else "done"
        self.next({"again": self.go, "done": self.end}, condition="way")

    @step
    def end(self):
        pass
"""


def test_the_reason_of_a_failure_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("earlier")
    flow = Container(FLOW.replace("self.n = 1", "self.n = 1 / 0"), tmp_path, env={"FLOWC_TERMINATION_LOG": str(log)})
    flow.task("start", code=1, attempt=1)
    assert log.read_text() == "ZeroDivisionError: division by zero (flow.py:8, attempt 2 of 4)"


def test_what_the_shim_could_not_do_is_said_too_and_nothing_where_there_is_no_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    flow = Container(FLOW, tmp_path, env={"FLOWC_TERMINATION_LOG": str(log)})
    flow.task("end", code=3)
    assert not log.exists()
    log.touch()
    done = flow.task("end", code=3)
    assert log.read_text().startswith("flowc: ") and log.read_text() in done.stderr


def test_a_visit_too_many_runs_no_code_and_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    flow = Container(FLOW, tmp_path, env={"FLOWC_TERMINATION_LOG": str(log), "FLOWC_MAX_VISITS": "2"})
    flow.task("start")
    flow.task("go")
    flow.task("go", "-~1")
    done = flow.task("go", "-~2", code=2)
    assert "allows 2 visits" in done.stderr and "allows 2 visits" in log.read_text()
    assert not flow.place("go", "-~2").exists()
    assert "allows 2 visits" in json.loads(flow.place("go", "-~2", ".0.failure.json").read_text())["message"]
    flow.task("go", "-~2", FLOWC_MAX_VISITS="3")
