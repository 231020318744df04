"""Resumed runs on an engine: every task is started, and those that the earlier run has done take over its records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.contract import record
from flowc.runtime_shim.store import open_store

from flowc.deploying.resuming import write_run
from tests.support.fused import SHARED, Engine, RunFailed

FLOW = """
import os
from metaflow import FlowSpec, Parameter, current, step


class F(FlowSpec):
    n = Parameter("n", default=4)

    @step
    def start(self):
        self.effect()
        self.left = 2
        self.next(self.loop)

    @step
    def loop(self):
        self.effect()
        self.left -= 1
        self.way = "on" if self.left else "out"
        self.next({"on": self.loop, "out": self.wide}, condition="way")

    @step
    def wide(self):
        self.effect()
        self.items = list(range(self.n))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.effect()
        if str(self.input) in os.environ.get("FAIL", ""):
            raise ValueError("told to")
        self.value = self.input * FACTOR
        self.next(self.after)

    @step
    def after(self):
        self.effect()
        self.more = self.value + 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.effect()
        self.values = [one.more for one in inputs]
        self.next(self.split)

    @step
    def split(self):
        self.effect()
        self.next(self.left_arm, self.right_arm)

    @step
    def left_arm(self):
        self.effect()
        self.next(self.meet)

    @step
    def right_arm(self):
        self.effect()
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.effect()
        self.values = inputs[0].values
        self.next(self.end)

    @step
    def end(self):
        self.effect()
        self.origin = current.origin_run_id

    def effect(self):
        path = ".".join(str(frame[0]) for frame in self.foreach_stack() or ())
        with open(os.environ["EFFECTS"], "a") as file:
            file.write(f"{current.step_name}{path and '/' + path}\\n")
"""
ITEMS = [f"{step}/{item}" for item in range(4) for step in ("after", "body")]
AFTER = ["end", "join", "left_arm", "meet", "right_arm", "split"]
ALL = sorted(["start", "loop", "loop", "wide", *ITEMS, *AFTER])
HOW = {"a container a task": None, **SHARED}


class Runs:
    """Runs of the flow, in one datastore."""

    def __init__(self, folder: Path, how: str) -> None:
        self.folder, self.how = folder, how
        self.store = str(folder / "store")
        self.count = 0

    def __call__(
        self, factor: int = 10, fail: str = "", origin: str = "", rerun: tuple[str, ...] = (), **env: str
    ) -> tuple[list[str], Engine]:
        """Runs it, and returns the tasks whose code ran."""
        self.count += 1
        folder = self.folder / f"version {self.count}"
        folder.mkdir()
        flow, effects = folder / "flow.py", folder / "effects"
        flow.write_text(FLOW.replace("FACTOR", str(factor)))
        effects.touch()
        make = HOW[self.how]
        engine = Engine(
            flow, folder / "run", make(flow) if make else None, {"n": "4"}, {"EFFECTS": str(effects), "FAIL": fail, **env},
            f"r{self.count}", self.store,
        )  # fmt: skip
        code = Path(folder, "run", "store", "F", "code")
        Path(self.store, "F", "code").mkdir(parents=True, exist_ok=True)
        for package in code.iterdir():
            Path(self.store, "F", "code", package.name).write_bytes(package.read_bytes())
        if origin:
            store = open_store(self.store)
            before = record.read_run(store, "F", origin)
            assert before is not None
            write_run(store, "F", engine.run, "", "argo", engine.code, origin, before, rerun, False, ())
        try:
            engine.go()
        except RunFailed:
            assert fail
        else:
            assert not fail
        return sorted(effects.read_text().split()), engine

    def record(self, run: str, step: str, path: str = "-") -> dict[str, Any]:
        return json.loads(Path(self.store, "F", "runs", run, step, f"{path}.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize("how", HOW)
def test_what_has_failed_runs_with_new_code(how: str, tmp_path: Path) -> None:
    runs = Runs(tmp_path, how)
    first, _ = runs(fail="2")
    assert "body/2" in first and "join" not in first
    done = {one for one in first if "/" not in one} | {f"{one}" for one in first if "/" in one and one != "body/2"}
    second, _ = runs(100, origin="r1")
    missing = sorted(set(ALL) - done)
    assert second == missing, "only what had no record ran"
    assert runs.record("r2", "start")["origin"] == "r1" and "start" not in runs.record("r2", "start")
    assert "origin" not in runs.record("r2", "body", "2")
    run = json.loads(Path(runs.store, "F", "runs", "r2", "run.json").read_text())
    assert run["origin"] == "r1" and run["parameters"] == {"n": 4} and run["target"] == "argo"
    third, _ = runs(100, origin="r2")
    assert third == [], "a run of a run: what it took over counts as done"


@pytest.mark.parametrize("how", HOW)
def test_from_a_step_on(how: str, tmp_path: Path) -> None:
    """The step runs again, and everything after it; what lies beside it does not."""
    runs = Runs(tmp_path, how)
    first, _ = runs()
    assert first == ALL
    second, _ = runs(100, origin="r1", rerun=("body",))
    assert second == sorted([*ITEMS, *AFTER])
    third, _ = runs(100, origin="r1", rerun=("left_arm",))
    assert third == ["end", "left_arm", "meet"]


def test_a_damaged_record_and_a_retry(tmp_path: Path) -> None:
    runs = Runs(tmp_path, "a container a task")
    runs(fail="2")
    damaged = Path(runs.store, "F", "runs", "r1", "body", "1.json")
    damaged.write_bytes(damaged.read_bytes()[:-20])
    second, engine = runs(origin="r1")
    assert second == sorted(["body/1", "after/1", "body/2", "after/2", *AFTER])
    assert engine.container("start", "-") == {}, "started again by the engine, it reports what it took over"
    assert runs(origin="r1", FLOWC_REQUEST="1")[0] == ALL, "what somebody asked for does run"
