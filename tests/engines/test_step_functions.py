"""Faults on Step Functions and Batch: nothing is lost, and no artifact is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from .deploying import left
from .step_functions import StepFunctions

pytestmark = pytest.mark.engine


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
