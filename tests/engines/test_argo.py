"""Faults on the real Argo, on a real node: nothing is lost, and no artifact is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS

from .argo import Argo
from .deploying import left
from .kubernetes.node import NAMESPACE, ApiError

pytestmark = pytest.mark.node

HEAD = "import os, signal, time\nfrom metaflow import FlowSpec, Parameter, catch, current, environment, resources, retry, step, timeout\n\n\n"


def write(folder: Path, name: str, body: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(HEAD + body)
    return path


def test_a_failing_task_fails_the_run_and_leaves_the_others(argo: Argo, tmp_path: Path) -> None:
    flow = write(
        tmp_path, "fails",
        "class Fails(FlowSpec):\n    @step\n    def start(self):\n        self.xs = [0, 1]\n        self.next(self.body, foreach='xs')\n"
        "    @step\n    def body(self):\n        self.y = 1 // self.input\n        self.next(self.join)\n"
        "    @step\n    def join(self, inputs):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n",
    )  # fmt: skip
    outcome = argo.run(flow)
    assert not outcome.succeeded and "ZeroDivisionError" in outcome.detail
    found = left(argo.s3, outcome.run, "Fails")
    assert set(found) == {"start", "body"} and [each["path"] for each in found["body"]] == ["1"]


def test_retries_deaths_and_timeouts(argo: Argo, tmp_path: Path) -> None:
    flow = write(
        tmp_path, "faults",
        "class Faults(FlowSpec):\n    @retry(times=2, minutes_between_retries=0)\n    @step\n    def start(self):\n"
        "        self.attempt = current.retry_count\n        if current.retry_count < 2:\n            raise RuntimeError('again')\n        self.next(self.dies)\n"
        "    @catch(var='died')\n    @step\n    def dies(self):\n        os.kill(os.getpid(), signal.SIGKILL)\n        self.next(self.slow)\n"
        "    @catch(var='late')\n    @timeout(seconds=1)\n    @step\n    def slow(self):\n        time.sleep(30)\n        self.next(self.greedy)\n"
        "    @catch(var='full')\n    @resources(memory=64)\n    @step\n    def greedy(self):\n        self.big = len(bytearray(400_000_000))\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        self.seen = (self.attempt, self.died is not None, self.late.type.split('.')[-1], self.full is not None)\n",
    )  # fmt: skip
    outcome = argo.run(flow)
    assert outcome.succeeded, outcome.detail
    assert left(argo.s3, outcome.run, "Faults")["end"][0]["artifacts"]["seen"]["repr"] == "(2, True, 'TimeoutException', True)"


def test_a_pod_that_is_deleted_and_a_controller_that_restarts(argo: Argo, tmp_path: Path) -> None:
    """Whether the controller makes the same attempt again or the next one, the run goes on and ends well."""
    flow = write(
        tmp_path, "deleted",
        "class Deleted(FlowSpec):\n    @retry(times=3, minutes_between_retries=0)\n    @step\n    def start(self):\n"
        "        time.sleep(15)\n        self.done = True\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n",
    )  # fmt: skip
    run = argo.start(argo.deploy(flow, "inject"))
    first = running(argo, run)
    argo.node.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{first}?gracePeriodSeconds=0")
    argo.node.restart("workflow-controller")
    outcome = argo.wait(run)
    assert outcome.succeeded, outcome.detail
    assert left(argo.s3, run, "Deleted")["start"][0]["artifacts"]["done"]["repr"] == "True"


def running(argo: Argo, run: str) -> str:
    """The name of the run's first pod that runs."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for each in argo.node.pods(f"workflows.argoproj.io/workflow={run}"):
            if each["status"].get("phase") == "Running":
                return str(each["metadata"]["name"])
        time.sleep(0.3)
    raise AssertionError(f"no pod of {run} runs")


def test_what_is_wrong_is_refused_by_the_api_server(argo: Argo) -> None:
    """Strict validation is on: this is what makes the other tests' applying a proof."""
    manifest = argo.manifests(argo.deploy(FLOWS["linear"], "inject"))[0]
    manifest["spec"]["podGarbage"] = {"strategy": "OnPodSuccess"}
    with pytest.raises(ApiError, match="podGarbage"):
        argo.node.apply(manifest)
