"""Emitted state machines and job definitions on an interpreter of the language, with jobs that really run: the artifacts are those of a local run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS

from .deploying import left, local, without_run
from .packages import wine
from .random_flows import sample, written
from .step_functions import DELIVERIES, StepFunctions, step_functions

pytestmark = pytest.mark.engine

CASES: list[tuple[str, dict[str, object]]] = [
    *((name, {}) for name in FLOWS if name not in ("wine", "switch")),
    ("switch", {}), ("switch", {"size": "big"}), ("switch", {"size": "huge"}),
    (
        "parameters",
        {"text": "{{x}} $.y $$.z States.Format('{}') '\"$(HOME)`\\ \n é☃", "number": -3, "learning-rate": 2.5, "verbose": True, "table": {"a": ["{}", None]}, "words": "p,q"},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def aws() -> Iterator[StepFunctions]:
    with step_functions() as made:
        yield made


RUNS = [
    (name, parameters, delivery) for name, parameters in CASES for delivery in DELIVERIES if (name, delivery) != ("decorated", "baked")
]  # it names an image


@pytest.mark.parametrize(
    ("name", "parameters", "delivery"), RUNS, ids=[f"{number}-{name}-{delivery}" for number, (name, _, delivery) in enumerate(RUNS)]
)
def test_a_run_leaves_what_a_local_run_leaves(aws: StepFunctions, name: str, parameters: dict[str, object], delivery: str) -> None:
    made, machine = aws.deploy(FLOWS[name], delivery)
    outcome = aws.wait(aws.start(machine, parameters))
    assert outcome.succeeded, outcome.detail
    given = tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in parameters.items())
    assert left(aws.s3, outcome.run, made.flow) == local(FLOWS[name], given)


def test_wine(aws: StepFunctions) -> None:
    packages = wine()
    made, machine = aws.deploy(FLOWS["wine"], "inject", "--image", f"folder:{packages}")
    outcome = aws.wait(aws.start(machine))
    assert outcome.succeeded, outcome.detail
    found, expected = left(aws.s3, outcome.run, made.flow, packages), local(FLOWS["wine"], (), packages)
    assert without_run(found, "end") == without_run(expected, "end")
    assert found["fold"] == expected["fold"]


def test_random_flows(aws: StepFunctions, tmp_path: Path) -> None:
    paths = [written(flow, number, tmp_path) for number, flow in enumerate(sample(20, 16))]
    for path in paths:  # one after the other: moto's interpreter is not safe with several
        made, machine = aws.deploy(path, "inject")
        outcome = aws.wait(aws.start(machine))
        assert outcome.succeeded, path.read_text() + outcome.detail
        assert left(aws.s3, outcome.run, made.flow) == local(path), path.read_text()


def test_retries_deaths_and_timeouts(aws: StepFunctions, tmp_path: Path) -> None:
    flow = tmp_path / "faults.py"
    flow.write_text(
        "import os, signal, time\nfrom metaflow import FlowSpec, catch, current, retry, step, timeout\n\n\n"
        "class Faults(FlowSpec):\n    @retry(times=2)\n    @step\n    def start(self):\n"
        "        self.attempt = current.retry_count\n        if current.retry_count < 2:\n            raise RuntimeError('again')\n        self.next(self.dies)\n"
        "    @catch(var='died')\n    @step\n    def dies(self):\n        os.kill(os.getpid(), signal.SIGKILL)\n        self.next(self.slow)\n"
        "    @catch(var='late')\n    @timeout(seconds=1)\n    @step\n    def slow(self):\n        time.sleep(30)\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        self.seen = (self.attempt, self.died is not None, self.late.type.split('.')[-1])\n"
    )
    outcome = aws.run(flow)
    assert outcome.succeeded, outcome.detail
    assert left(aws.s3, outcome.run, "Faults")["end"][0]["artifacts"]["seen"]["repr"] == "(2, True, 'TimeoutException')"


def test_a_failing_task_fails_the_run(aws: StepFunctions, tmp_path: Path) -> None:
    flow = tmp_path / "fails.py"
    flow.write_text(
        "from metaflow import FlowSpec, step\n\n\nclass Fails(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.bad)\n"
        "    @step\n    def bad(self):\n        1 / 0\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n"
    )
    outcome = aws.run(flow)
    assert not outcome.succeeded and "ZeroDivisionError" in outcome.detail
    assert set(left(aws.s3, outcome.run, "Fails")) == {"start"}
