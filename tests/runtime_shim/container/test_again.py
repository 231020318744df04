"""What an operator asks to run again, and what an engine starts twice by itself (docs/shim.md, Runs and starts)."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.container import Container
from tests.support.running import LIMIT

FLOW = """
import os, signal, time
from metaflow import FlowSpec, current, retry, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(3))
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        with open(os.environ["EFFECTS"], "a") as file:
            file.write(f"{current.task_id}\\n")
        if str(self.input) in os.environ.get("FAIL", ""):
            raise ValueError("told to")
        if str(self.input) in os.environ.get("KILL", ""):
            os.kill(int(os.environ["WHOLE"]), signal.SIGKILL)
            time.sleep(1000)
        self.value = self.input
        self.next(self.after)

    @step
    def after(self):
        with open(os.environ["EFFECTS"], "a") as file:
            file.write(f"{current.task_id}\\n")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ALL = ["after-0", "after-1", "after-2", "body-0", "body-1", "body-2"]
# how an engine says that an operator has asked for the task again: by a number, by counting on, by another start
ASKED = {
    "argo": ({"FLOWC_OWNER": "o"}, {"FLOWC_OWNER": "o", "FLOWC_REQUEST": "1"}),
    "airflow": (
        {"FLOWC_OWNER": "o", "FLOWC_FIRST_ATTEMPT": "0", "FLOWC_ATTEMPT": "1"},
        {"FLOWC_OWNER": "o", "FLOWC_FIRST_ATTEMPT": "2", "FLOWC_ATTEMPT": "2"},
    ),
    "batch": (
        {"FLOWC_OWNER": "o", "FLOWC_START": "job1", "FLOWC_TASK": "t"},
        {"FLOWC_OWNER": "o", "FLOWC_START": "job2", "FLOWC_TASK": "t"},
    ),
}


@pytest.fixture
def container(tmp_path: Path) -> Container:
    container = Container(FLOW, tmp_path, env={"EFFECTS": str(tmp_path / "effects")})
    container.task("start", FLOWC_OWNER="o")
    return container


def effects(container: Container) -> list[str]:
    """Returns the tasks whose code has run since the last call, sorted."""
    place = container.folder / "effects"
    lines = sorted(place.read_text().split()) if place.exists() else []
    place.unlink(missing_ok=True)
    return lines


def chunk(container: Container, env: dict[str, str], code: int = 0) -> str:
    """Runs the chunk of all items; returns what it said on standard error."""
    return container.several("body", "0-2", "body,after", code=code, attempt=None, **env).stderr


@pytest.mark.parametrize("engine", ASKED)
def test_a_container_that_had_succeeded_runs_all_again(engine: str, container: Container) -> None:
    first, asked = ASKED[engine]
    chunk(container, first)
    assert effects(container) == ALL
    said = chunk(container, first)
    assert effects(container) == []  # a duplicate
    assert engine == "argo" or said == "flowc: 6 tasks have succeeded before, and did not run again\n"
    chunk(container, asked)
    assert effects(container) == ALL
    assert [container.record("body", item)["attempt"] for item in "012"] == [1, 1, 1]  # no log is overwritten
    chunk(container, asked)
    assert effects(container) == []


@pytest.mark.parametrize("engine", ASKED)
def test_a_container_that_had_failed_runs_what_is_missing(engine: str, container: Container) -> None:
    first, asked = ASKED[engine]
    chunk(container, {**first, "FAIL": "1"}, code=202)
    assert effects(container).count("body-1") == 2
    if engine != "argo":  # which starts nothing twice
        chunk(container, first, code=202)  # nobody asked: its attempts are used up
        assert "body-1" not in effects(container)
    chunk(container, asked)
    assert "body-1" in (ran := effects(container)) and "body-0" not in ran
    assert container.record("body", "1")["attempt"] == 2


@pytest.mark.parametrize("engine", ASKED)
def test_a_container_that_is_lost_while_it_runs_all_again_goes_on(engine: str, container: Container) -> None:
    first, asked = ASKED[engine]
    chunk(container, first)
    effects(container)
    script = f"WHOLE=$$ exec {' '.join(container.command('body', '0-2'))} --within body,after --cores 1"
    variables = {**container.environment, **asked, "KILL": "1"}
    done = subprocess.run(["sh", "-c", script], env=variables, cwd=container.folder, timeout=LIMIT)
    assert done.returncode == -signal.SIGKILL
    before = effects(container)
    assert "body-1" in before
    following = {**asked, "FLOWC_ATTEMPT": str(int(asked.get("FLOWC_ATTEMPT", "0")) + 1)}
    chunk(container, following)
    assert sorted({*before, *effects(container)}) == ALL
    assert all(container.record("body", item)["attempt"] >= 1 for item in "012")


def test_a_run_that_its_engine_began_again_starts_from_the_beginning(tmp_path: Path) -> None:
    steps = "start,body,after,join,end"
    env = {"EFFECTS": str(tmp_path / "effects"), "FLOWC_OWNER": "o", "FLOWC_TASK": "t"}
    container = Container(FLOW, tmp_path, env=env)
    container.several("start", "-", steps, FLOWC_START="1")
    assert effects(container) == ALL
    container.several("start", "-", steps, FLOWC_START="1")
    assert effects(container) == []
    container.several("start", "-", steps, FLOWC_START="2")
    assert effects(container) == ALL
    superseded = os.listdir(tmp_path / "store" / "F" / "superseded" / "r" / "body")
    assert len(superseded) == 3


def test_a_first_container_that_had_failed_in_a_unique_run_runs_what_is_missing(tmp_path: Path) -> None:
    """A Workflow that is created again is another run, so that another start of its first pod is a retry."""
    steps = "start,body,after,join,end"
    env = {"EFFECTS": str(tmp_path / "effects"), "FLOWC_OWNER": "o", "FLOWC_TASK": "t", "FLOWC_UNIQUE_RUN": "1"}
    container = Container(FLOW, tmp_path, env=env)
    container.several("start", "-", steps, code=202, FLOWC_START="1", FAIL="1")
    began = container.record("start", "-")
    assert effects(container).count("body-1") == 2
    container.several("start", "-", steps, FLOWC_START="2")
    assert "body-1" in (ran := effects(container)) and "body-0" not in ran
    assert container.record("start", "-") == began
