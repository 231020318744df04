"""`flowc run --optimize`: a flow of containers on this machine leaves what a run without the optimizer leaves."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.ir.nodes import Flow
from hypothesis import HealthCheck, given, settings

from tests.engines.random_flows import disagreement
from tests.golden.regenerate import FLOWS
from tests.support.reference import expected as expected_of
from tests.support.running import artifacts, dump, executed, flowc, run
from tests.support.same_run import facts
from tests.support.strategies import flows, source_of

from .test_feature_flows import CASES

CONTAINERS = [case for case in CASES if case[0] != "gang"]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    CONTAINERS,
    ids=[f"{name}{'-' + arguments[1] if arguments else ''}" for name, arguments, _ in CONTAINERS],
)
def test_a_feature_flow_leaves_the_same(
    name: str, arguments: list[str], expected: dict[tuple[str, str], dict[str, Any]], tmp_path: Path
) -> None:
    for folder, options in (("alone", []), ("shared", ["--optimize"])):
        run(FLOWS[name], tmp_path / folder, *options, *arguments)
    of_task = {
        (step, task["path"]): task["artifacts"] for step, tasks in dump(tmp_path / "shared").items() for task in tasks
    }
    for task, values in expected.items():
        for artifact, value in values.items():
            assert of_task[task][artifact] == {"type": type(value).__name__, "repr": repr(value)}
    flow = next(path.name for path in (tmp_path / "alone").iterdir())
    alone, shared = (facts(str(tmp_path / folder), flow, "r") for folder in ("alone", "shared"))
    assert shared == alone


@pytest.mark.slow
@given(flows(faults=True))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_random_flow_leaves_what_the_reference_says(flow: Flow) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "flow.py"
        path.write_text(source_of(flow))
        done = run(path, Path(name) / "store", "--optimize", "--quiet", check=False)
        dumped = dump(Path(name) / "store")
        assert not disagreement(dumped, done.returncode == 0, expected_of(flow)), source_of(flow) + done.stderr


FAILS_ONCE = """
from metaflow import FlowSpec, Parameter, step
from pathlib import Path

class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(8))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        with open(Path(__file__).parent / "ran", "a") as file:
            file.write(f"{self.input}\\n")
        if self.input == 5 and not (Path(__file__).parent / "mended").exists():
            raise ValueError("five")
        self.n = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(task.n for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_failed_run_says_what_failed_and_goes_on(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FAILS_ONCE)
    done = run(flow, tmp_path / "store", "--optimize", check=False)
    assert done.returncode == 1
    assert "work/5: ValueError: five" in done.stderr and 'flow.py", line 16' in done.stderr
    (tmp_path / "mended").touch()
    again = run(flow, tmp_path / "store", "--optimize")
    assert "failed" not in again.stderr
    assert artifacts(tmp_path / "store", "end")["total"] == "56"
    ran = (tmp_path / "ran").read_text().split()
    assert ran.count("5") == 2 and len(ran) == 9  # no task with a record has run twice


def test_another_run_goes_on_without_containers(tmp_path: Path) -> None:
    """Records do not depend on who shared a container, so either kind of run continues the other's."""
    flow = tmp_path / "flow.py"
    flow.write_text(FAILS_ONCE)
    assert run(flow, tmp_path / "store", "--optimize", check=False).returncode == 1
    (tmp_path / "mended").touch()
    flowc("resume", str(flow), "--origin-run-id", "r", "--store", str(tmp_path / "store"), "--run-id", "s", check=True)
    assert artifacts(tmp_path / "store", "end", run_id="s")["total"] == "56"


KILLED = """
from metaflow import FlowSpec, retry, step
import os, signal
from pathlib import Path

class F(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.x = 1
        self.next(self.middle)

    @retry(times=2, minutes_between_retries=0)
    @step
    def middle(self):
        mark = Path(__file__).parent / "killed"
        if not mark.exists():
            mark.touch()
            os.kill(int(Path(f"/proc/{os.getppid()}/stat").read_text().split()[3]), signal.SIGKILL)
            signal.pause()
        self.x += 1
        self.next(self.end)

    @retry(times=2, minutes_between_retries=0)
    @step
    def end(self):
        self.x += 1
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="the flow finds its container in /proc")
def test_a_lost_container_is_started_again(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(KILLED)
    done = run(flow, tmp_path / "store", "--optimize", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    lost = [event for event in events if event["event"] == "retry"]
    assert [event["step"] for event in lost] == ["middle"] and signal.SIGKILL.name in lost[0]["text"]
    assert artifacts(tmp_path / "store", "end")["x"] == "3"
    assert executed(tmp_path / "store") == [("end", "-"), ("middle", "-"), ("start", "-")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cache"], "`--optimize` and `--cache` cannot be used together"),
        (["--max-num-splits", "5"], "`--optimize` and `--max-num-splits` cannot be used together"),
        (["--isolation", "fork"], "`--optimize` and `--isolation` cannot be used together"),
    ],
)
def test_options_that_do_not_fit(options: list[str], message: str, tmp_path: Path) -> None:
    done = run(FLOWS["linear"], tmp_path, "--optimize", *options, check=False)
    assert done.returncode == 2 and message in done.stderr


def test_gangs_are_refused(tmp_path: Path) -> None:
    done = run(FLOWS["gang"], tmp_path, "--optimize", check=False)
    assert done.returncode == 2 and "which run together" in done.stderr
