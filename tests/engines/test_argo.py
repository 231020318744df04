"""Emitted manifests on the real Argo controller, on a real node: every task's artifacts are those of a local run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS

from .argo import DELIVERIES, Argo, with_packages
from .deploying import left, local, without_run
from .kubernetes.node import NAMESPACE, ApiError
from .packages import DEBIAN_PYTHON, wine
from .random_flows import sample, written

pytestmark = pytest.mark.node

# `decorated` asks for a GPU, and for nodes of a pool; `wine` for packages that no image here has
CASES: list[tuple[str, dict[str, str]]] = [
    *((name, {}) for name in FLOWS if name not in ("decorated", "wine", "switch", "parameters")),
    ("switch", {}), ("switch", {"size": "big"}), ("switch", {"size": "huge"}), ("parameters", {}),
    (
        "parameters",
        {
            "text": "{{workflow.name}} {{=1+1}} '\"$(HOME) ${HOME}`\\ \n é☃ {%x%} #", "number": "-3", "learning-rate": "2.5", "verbose": "true",
            "table": '{"a": ["{{x}}", null]}', "words": "p,{{q}}", "note": "<none>x",
        },
    ),
]  # fmt: skip
IDS = [f"{name}-{next(iter(parameters.values()))[:4]}" if parameters else name for name, parameters in CASES]


@pytest.fixture(scope="module")
def runs(argo: Argo) -> dict[tuple[int, str], tuple[str, str]]:
    """All runs, started at once: (case, delivery) → the run's id and its flow's name."""
    found = {}
    for delivery in DELIVERIES:
        deployed = {name: argo.deploy(FLOWS[name], delivery) for name in dict.fromkeys(name for name, _ in CASES)}
        for number, (name, parameters) in enumerate(CASES):
            found[number, delivery] = argo.start(deployed[name], parameters), deployed[name].flow
    return found


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_a_run_leaves_what_a_local_run_leaves(argo: Argo, runs: dict[tuple[int, str], tuple[str, str]], number: int, delivery: str) -> None:
    name, parameters = CASES[number]
    run, flow = runs[number, delivery]
    outcome = argo.wait(run)
    print(f"{name} {delivery}: {outcome.tasks} pods, {outcome.seconds:.0f} s since it was submitted")
    assert outcome.succeeded, outcome.detail
    assert left(argo.s3, run, flow) == local(FLOWS[name], tuple(parameters.items()))


def test_wine(argo: Argo) -> None:
    made = argo.deploy(FLOWS["wine"], "inject", "--image", with_packages(argo.node, wine(DEBIAN_PYTHON)))
    outcome = argo.wait(argo.start(made))
    assert outcome.succeeded, outcome.detail
    found, expected = left(argo.s3, outcome.run, made.flow, wine()), local(FLOWS["wine"], (), wine())
    assert without_run(found, "end") == without_run(expected, "end")


def test_random_flows(argo: Argo, tmp_path: Path) -> None:
    paths = [written(flow, number, tmp_path) for number, flow in enumerate(sample(20, 10))]
    started = [(path, made.flow, argo.start(made)) for path in paths for made in (argo.deploy(path, "baked"),)]
    for path, flow, run in started:
        outcome = argo.wait(run)
        assert outcome.succeeded, path.read_text() + outcome.detail
        assert left(argo.s3, run, flow) == local(path), path.read_text()


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
