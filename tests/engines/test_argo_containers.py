"""Several tasks to a pod, on the real Argo: what they leave is what pods of their own leave, also when pods die."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from .ahead import Ahead, Scenario, scenarios
from .argo import OF, Argo
from .containers import seen, shared, starts
from .deploying import left
from .faults import DEATHS, GATED, SURVIVED, check_failed, check_finished, gate, value, versions, write
from .kubernetes.node import ADDRESS, NAMESPACE, ApiError

pytestmark = pytest.mark.node

NODE_NAME = "workflows.argoproj.io/node-name"  # the annotation of a pod: WORKFLOW.TASK(ITEM)(ATTEMPT)


def lines_branches_chunks_a_loop_and_a_switch_in_few_pods(argo: Argo, folder: Path) -> None:
    with starts(ADDRESS) as begun:
        outcome, dump = argo.leaves(write(folder, shared(begun.url)), "optimized", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == seen()
    assert len(dump["fit"]) == 40 and len(dump["turns"]) == 12
    begun.check(outcome.run, dump)
    assert outcome.tasks == begun.of_run(outcome.run) <= 18, "a pod for what comes before the items, after them, and 16"


def retries_deaths_and_timeouts_in_one_pod(argo: Argo, folder: Path) -> None:
    outcome, dump = argo.leaves(write(folder, DEATHS), "optimized", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == SURVIVED
    assert outcome.tasks == 1, "the tasks died and were tried again inside"


def a_retry_runs_what_a_failed_pod_has_not_done(argo: Argo, folder: Path) -> None:
    gate(argo.s3, False, "shared-pod")
    flow = write(folder, GATED.replace("/gate'", "/shared-pod'"))
    run = argo.start(argo.deploy(flow, "optimized"))
    outcome = argo.wait(run)
    assert not outcome.succeeded and "404" in outcome.detail, outcome.detail
    before = left(argo.s3, outcome.run, "Gated")
    check_failed(before)
    gate(argo.s3, True, "shared-pod")
    outcome = argo.wait(argo.retry(run))
    assert outcome.succeeded, outcome.detail
    check_finished(before, left(argo.s3, outcome.run, "Gated"))


def a_retry_runs_what_failed_pods_of_a_foreach_have_not_done(argo: Argo, folder: Path) -> None:
    """Two pods with three items each. One item fails, also when it is tried again inside; the others go on."""
    gate(argo.s3, False, "chunks")
    (folder / "pyproject.toml").write_text("[tool.flowc.optimize]\ncontainers = 2\n")
    text = GATED.replace("/gate'", "/chunks'").replace("[0, 1]", "list(range(6))")
    flow = write(folder, text.replace("    @step\n    def body", f"{RETRIED}    @step\n    def body"))
    run = argo.start(argo.deploy(flow, "optimized"))
    outcome = argo.wait(run)
    assert not outcome.succeeded and "404" in outcome.detail, outcome.detail
    before = left(argo.s3, outcome.run, "Gated")
    assert [task["path"] for task in before["body"]] == ["1", "2", "3", "4", "5"] and "join" not in before
    gate(argo.s3, True, "chunks")
    outcome = argo.wait(argo.retry(run))
    assert outcome.succeeded, outcome.detail
    after = left(argo.s3, outcome.run, "Gated")
    assert [task["path"] for task in after["body"]] == ["0", "1", "2", "3", "4", "5"] and "end" in after
    assert after["body"][1:] == before["body"] and after["start"] == before["start"]


RETRIED = "    @retry(times=1, minutes_between_retries=0)\n"


def a_pod_that_had_succeeded_runs_all_of_its_tasks_again(argo: Argo, folder: Path) -> None:
    gate(argo.s3, True, "again-pod")
    run = argo.start(argo.deploy(write(folder, versions("one", gate="again-pod")), "optimized"))
    outcome = argo.wait(run)
    assert outcome.succeeded and outcome.tasks == 1, outcome.detail
    before = left(argo.s3, outcome.run, "Versions")
    outcome = argo.wait(argo.retry(run, True, "displayName=start"))
    assert outcome.succeeded, outcome.detail
    after = left(argo.s3, outcome.run, "Versions")
    assert value(after, "end", "seen") == "['one', 'one', 'one']"
    assert value(after, "gated", "moment") != value(before, "gated", "moment"), "it was run again"


CROWDED = """class Crowded(FlowSpec):
    @step
    def start(self):
        self.items = list(range(12))
        self.next(self.body, foreach='items')

    @catch(var='failed')
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=20)
    @resources(cpu=0.5, memory=300)
    @step
    def body(self):
        self.attempt = current.retry_count
        if self.input == 3:
            self.big = len(bytearray(900_000_000))
        if self.input == 5 and current.retry_count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.input == 7:
            raise RuntimeError('always')
        if self.input == 9:
            time.sleep(60)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [(getattr(each, 'attempt', None), each.failed is not None) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


TWO_PODS = """[tool.flowc.optimize]
containers = 2

[tool.flowc.optimize.steps.body]
cpu = 1
memory = 600
"""


def one_task_of_many_fails_or_dies(argo: Argo, folder: Path) -> None:
    """Out of memory, killed, failing for good, or too late: each of them alone, as in pods of their own."""
    (folder / "pyproject.toml").write_text(TWO_PODS)
    outcome, dump = argo.leaves(write(folder, CROWDED), "optimized", {})
    assert outcome.succeeded, outcome.detail
    seen = eval(value(dump, "join", "seen"))
    assert [index for index, (_, failed) in enumerate(seen) if failed] == [3, 7, 9], seen
    assert [seen[index][0] for index in (3, 5, 7, 9)] == [None, 1, 1, 1], "each with attempts of its own"
    assert outcome.tasks == 4, outcome.detail
    assert all(attempt == 0 for index, (attempt, _) in enumerate(seen) if index not in (3, 5, 7, 9)), seen


ACTS = (
    lines_branches_chunks_a_loop_and_a_switch_in_few_pods,
    retries_deaths_and_timeouts_in_one_pod,
    a_retry_runs_what_a_failed_pod_has_not_done,
    a_retry_runs_what_failed_pods_of_a_foreach_have_not_done,
    a_pod_that_had_succeeded_runs_all_of_its_tasks_again,
    one_task_of_many_fails_or_dies,
)


@pytest.mark.parametrize("scenario", scenarios("argo", *ACTS[:1]))
def test_several_tasks_in_a_pod(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", scenarios("argo", *ACTS[1:]))
def test_a_fault_of_one_task_in_a_pod(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)


KILLS = 100


@pytest.mark.nightly
def test_pods_that_die_lose_nothing(argo: Argo, tmp_path: Path) -> None:
    """Tasks kill all processes of their pod, at any moment, and pods are deleted, as often as retries allow.

    Each run ends as it would have, and no task that had a record is started again.
    """
    budget = Budget(argo)
    (tmp_path / "pyproject.toml").write_text("[tool.flowc.optimize]\ncontainers = 4\n")
    with starts(ADDRESS, budget.takes, share=0.08) as begun, ThreadPoolExecutor(8) as pool:
        flow = write(tmp_path, shared(begun.url))
        spec = argo.deploy(flow, "optimized")
        with deletions(argo, budget):
            deaths, rounds = 0, 0
            while deaths < KILLS and rounds < 10:
                rounds += 1
                runs = [argo.start(spec) for _ in range(8)]
                for outcome in pool.map(argo.wait, runs):
                    assert outcome.succeeded, outcome.detail
                    dump = left(argo.s3, outcome.run, "Shared")
                    assert value(dump, "end", "seen") == seen()
                    begun.check(outcome.run, dump)
                deaths = budget.spent
        assert deaths >= KILLS, f"only {deaths} in {rounds} rounds"


class Budget:
    """The deaths that are left to each container: as many as its retries."""

    def __init__(self, argo: Argo, retries: int = 4) -> None:
        self.argo, self.retries = argo, retries
        self.lock = threading.Lock()
        self.deaths: dict[str, int] = {}

    @property
    def spent(self) -> int:
        return sum(self.deaths.values())

    def takes(self, pod: str) -> bool:
        """Returns True, and notes it, if the pod may die: no pod of the same node of the workflow too often."""
        try:
            found = self.argo.node.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}")
        except ApiError:
            return False  # deleted meanwhile
        node = found["metadata"]["annotations"][NODE_NAME].rpartition("(")[0]  # without the number of the attempt
        with self.lock:
            if self.deaths.get(node, 0) >= self.retries:
                return False
            self.deaths[node] = self.deaths.get(node, 0) + 1
            return True


@contextmanager
def deletions(argo: Argo, budget: Budget) -> Iterator[None]:
    """Deletes a pod that runs, now and then, and restarts the controller once."""
    ended, chance = threading.Event(), random.Random(3)

    def act() -> None:
        while not ended.wait(2):
            pods = [pod for pod in argo.node.pods(OF) if pod["status"].get("phase") == "Running"]
            if pods:
                name = chance.choice(pods)["metadata"]["name"]
                if budget.takes(name):
                    with contextlib.suppress(ApiError):
                        argo.node.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}?gracePeriodSeconds=0")

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
