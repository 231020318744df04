"""Containers that are killed at random moments and started again: nothing is lost, and nothing with a record runs twice.

`FLOWC_CHAOS=N` kills N times in each test (6 by default; `make nightly` many more), `FLOWC_CHAOS_SEED` makes a series
again.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.runtime_shim.local.test_chaos import KILLS, SEED, children
from tests.support.fused import SHARED, Engine, RunFailed
from tests.support.running import LIMIT, run
from tests.support.same_run import facts

FLOW = """
import os
from metaflow import FlowSpec, catch, current, retry, step

def count(task, record):
    # a side effect: one line for each time that the code of a task without a record is run
    with open(os.environ["EFFECTS"], "a") as file:
        file.write(f"{task} {os.path.exists(record)}\\\\n")


class F(FlowSpec):
    @retry(times=4, minutes_between_retries=0)
    @step
    def start(self):
        self.big = bytes(range(256)) * 2000
        self.items = list(range(8))
        self.left = 3
        self.effect()
        self.next(self.one, foreach="items")

    @retry(times=4, minutes_between_retries=0)
    @step
    def one(self):
        self.mine = bytes([self.input]) * 300_000
        self.effect()
        self.next(self.again)

    @retry(times=4, minutes_between_retries=0)
    @step
    def again(self):
        self.left -= 1
        self.way = "round" if self.left else "out"
        self.effect()
        self.next({"round": self.again, "out": self.after}, condition="way")

    @retry(times=4, minutes_between_retries=0)
    @step
    def after(self):
        self.effect()
        self.next(self.collect)

    @retry(times=4, minutes_between_retries=0)
    @step
    def collect(self, inputs):
        self.sizes = [len(each.mine) for each in inputs]
        self.merge_artifacts(inputs, include=["big"])
        self.effect()
        self.next(self.end)

    @retry(times=4, minutes_between_retries=0)
    @step
    def end(self):
        self.effect()

    def effect(self):
        path = ".".join(str(frame.index) for frame in self.foreach_stack() or ()) or "-"
        visit = 3 - getattr(self, "left", 3) - 1 if current.step_name == "again" else 0
        path += f"~{visit}" if visit else ""
        record = os.path.join(os.environ["RECORDS"], current.step_name, path + ".json")
        count(current.step_name + "/" + path, record)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", SHARED)
def test_killed_at_random_moments(how: str, tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW, encoding="utf-8")
    run(flow, tmp_path / "plain", env={"EFFECTS": str(tmp_path / "plain effects"), "RECORDS": str(tmp_path)})
    expected = {
        name: value for name, value in facts(str(tmp_path / "plain"), "F", "r").items() if not name.startswith("log")
    }
    chance = random.Random(f"{SEED} {how}")
    kills = runs = 0
    while kills < KILLS:
        runs += 1
        folder = tmp_path / f"engine{runs}"
        effects, records = folder / "effects", folder / "store" / "F" / "runs" / "r"
        engine = Killing(flow, folder, SHARED[how](flow), env={"EFFECTS": str(effects), "RECORDS": str(records)})
        engine.chance, engine.left = chance, KILLS - kills
        engine.go()
        kills += engine.kills
        found = facts(engine.store, "F", "r")
        for name, value in expected.items():
            if name.startswith("record"):
                assert {**found[name], "attempt": 0} == value, f"seed {SEED}, {how}"
            elif name.startswith("artifacts"):
                assert found[name] == value, f"seed {SEED}, {how}"
        lines = effects.read_text().splitlines()
        assert not [line for line in lines if line.endswith("True")], f"seed {SEED}, {how}"
        assert len(set(lines)) <= len(lines) <= len(set(lines)) + 4 * engine.kills
        assert runs < 20 * KILLS


class Killing(Engine):
    """An engine whose node kills containers, with all their processes, at random moments.

    If a container has used up its attempts, an operator asks for it again.
    """

    kills = 0
    left = 0
    request = 0
    chance = random.Random(0)

    def container(self, step: str, path: str) -> dict[str, Any]:
        while True:
            try:
                return super().container(step, path)
            except RunFailed as failed:
                assert failed.args[0].returncode in (-signal.SIGKILL, 202), failed.args[0].stderr
                self.request += 1

    def variables(self, step: str, attempt: int) -> dict[str, str]:
        asked = {"FLOWC_REQUEST": str(self.request)} if self.request else {}
        return {**super().variables(step, attempt), "FLOWC_OWNER": "argo:test", **asked}

    def start(self, step: str, path: str, attempt: int) -> subprocess.CompletedProcess[str]:
        self.started.append(self.arguments(step, path))
        command = [*self.command(step, path), "--report", "stdout"]
        process = subprocess.Popen(
            command, env=self.variables(step, attempt), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if self.kills < self.left:
            try:
                process.wait(self.chance.uniform(0.05, 0.9))
            except subprocess.TimeoutExpired:
                self.kills += 1
                for pid in [process.pid, *children(process.pid)]:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
        stdout, stderr = process.communicate(timeout=LIMIT)
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
