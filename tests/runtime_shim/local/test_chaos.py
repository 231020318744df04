"""Nothing is lost: a run whose processes are killed at random moments, again and again, ends with the artifacts of an undisturbed one.

`FLOWC_CHAOS=N` kills N times in each test (6 by default; `make nightly` many more), `FLOWC_CHAOS_SEED` makes a series again. A run is gone on with
under its own name, or resumed as a new one; its datastore is a folder, or S3.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_s3 import BUCKET, faulty_s3
from tests.support.running import LIMIT, dump, flowc, run

FLOW = """
from metaflow import FlowSpec, catch, retry, step


class F(FlowSpec):
    @step
    def start(self):
        self.big = bytes(range(256)) * 2000
        self.items = list(range(6))
        self.left = 3
        self.next(self.body, self.again)

    @step
    def body(self):
        self.next(self.one, foreach="items")

    @retry(times=4, minutes_between_retries=0)
    @catch(var="trouble")
    @step
    def one(self):
        if self.input == 4:
            raise ValueError("always")
        self.mine = bytes([self.input]) * 300_000
        self.small = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.sizes = [(each.small, len(each.mine), len(each.big)) for each in inputs if not each.trouble]
        self.troubles = sum(each.trouble is not None for each in inputs)
        self.merge_artifacts(inputs, include=["big"])
        self.next(self.both)

    @step
    def again(self):
        self.left -= 1
        self.way = "round" if self.left else "out"
        self.next({"round": self.again, "out": self.after}, condition="way")

    @step
    def after(self):
        self.big = self.big[::-1]
        self.next(self.both)

    @step
    def both(self, inputs):
        self.found = (inputs.collect.sizes, inputs.after.left, inputs.after.big[:3], inputs.collect.big[:3])
        self.next(self.end)

    @step
    def end(self):
        pass
"""
KILLS = int(os.environ.get("FLOWC_CHAOS", "6"))
SEED = int(os.environ.get("FLOWC_CHAOS_SEED", str(random.SystemRandom().randrange(1 << 30))))


def children(pid: int) -> list[int]:
    """Returns the processes below one, from /proc."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry))
    pids, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        pids += below
        waiting += below
    return pids


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    return tmp_path / "flow.py"


@pytest.mark.slow
@pytest.mark.parametrize("going_on", ["by its name", "by resuming"])
@pytest.mark.parametrize("where", ["folder", "s3"])
def test_killed_at_random_moments(where: str, going_on: str, flow: Path, tmp_path: Path) -> None:
    run(flow, tmp_path / "undisturbed")
    expected = dump(tmp_path / "undisturbed")
    chance = random.Random(f"{SEED} {where} {going_on}")
    with faulty_s3() as server:
        env = server.environment if where == "s3" else {}
        kills = runs = starts = 0
        while kills < KILLS:
            runs += 1
            store = f"s3://{BUCKET}/store{runs}" if where == "s3" else str(tmp_path / f"store{runs}")
            name, before = "r", ""
            while True:
                starts += 1
                killed, code = disturbed(flow, store, name, before, env, chance)
                kills += killed
                if code == 0:
                    break
                if going_on == "by resuming" and has_begun(store, name, env):
                    name, before = f"r{starts}", name
            assert not list(differences(dump(store, name, env=env), expected)), f"seed {SEED}, run {runs}"
            server.objects.clear()
            server.seen.clear()
    print(f"{where}, {going_on}: {kills} kills, {starts} starts, {runs} runs")


def differences(dump: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    """Yields the differences from the undisturbed run.

    A kill counts as an attempt, so `@catch` may hold its failure instead of the exception.
    """
    for step in sorted(dump.keys() | expected.keys()):
        tasks, expected_tasks = (
            {task["path"]: settled(task["artifacts"]) for task in one.get(step, ())} for one in (dump, expected)
        )
        for path in sorted(tasks.keys() | expected_tasks.keys()):
            one, other = tasks.get(path, {}), expected_tasks.get(path, {})
            for name in sorted(one.keys() | other.keys()):
                if one.get(name) != other.get(name):
                    yield f"{step}/{path} {name}: {str(one.get(name))[:300]}, not {str(other.get(name))[:300]}"


def settled(artifacts: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Returns the artifacts, with one word in place of what `@catch` kept."""
    kept = artifacts.get("trouble", {}).get("repr", "")
    # after as many attempts as kills made of it
    may_be = "ValueError: always" in kept or "FailureHandledByCatch" in kept
    return {**artifacts, "trouble": "caught"} if may_be else dict(artifacts)


def has_begun(store: str, run: str, env: dict[str, str]) -> bool:
    """Returns True if the run can be resumed. Before run.json is written, it must be started anew."""
    return any(
        entry["run"] == run for entry in json.loads(flowc("runs", "--json", "--store", store, env=env).stdout or "[]")
    )


def disturbed(
    flow: Path, store: str, name: str, before: str, env: dict[str, str], chance: random.Random
) -> tuple[int, int]:
    """Runs or continues the flow while its processes are killed. Returns the number of kills and the exit code."""
    words = ["resume", str(flow), "--origin-run-id", before] if before else ["run", str(flow)]
    command = [sys.executable, "-m", "flowc", *words, "--store", store, "--run-id", name, "--max-workers", "3"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **env})
    kills = 0
    while process.poll() is None:
        time.sleep(chance.uniform(0, 0.25))
        below = children(process.pid)
        victims = chance.choice([[process.pid], below[:1], below[-1:], [process.pid, *below]])
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
        if chance.random() < 0.5:
            break
    return kills, process.wait(LIMIT)


@pytest.mark.slow
def test_two_workers_that_race_for_the_same_tasks_leave_one_record(flow: Path, tmp_path: Path) -> None:
    """Two supervisors run the same run at the same time: every task ends with one record, and both agree on the artifacts."""
    run(flow, tmp_path / "undisturbed")
    expected = dump(tmp_path / "undisturbed")
    for number in range(4):
        store = tmp_path / f"store{number}"
        command = [sys.executable, "-m", "flowc", "run", str(flow), "--store", str(store), "--run-id", "r"]
        pair = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)
        ]
        outputs = [process.communicate(timeout=LIMIT)[0] for process in pair]
        assert [process.returncode for process in pair] == [0, 0], outputs
        assert dump(store) == expected
