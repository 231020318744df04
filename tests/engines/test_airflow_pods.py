"""Faults of Airflow's pods, on the real node: nothing is lost, and no artifact is wrong."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .ahead import Ahead, Scenario, scenarios
from .airflow_tasks import Pods
from .faults import FINAL, GREEDY, HELD, failures, value, write
from .kubernetes.node import NAMESPACE

pytestmark = pytest.mark.node


def a_pod_that_is_deleted(pods: Pods, folder: Path) -> None:
    node = pods.images.node
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(pods.leaves, write(folder, HELD), "inject", {})
        names: list[str] = []
        while not names and not future.done():
            time.sleep(0.3)
            names = [
                pod["metadata"]["name"]
                for pod in node.pods("dag_id=Held,task_id=middle")
                if pod["status"].get("phase") == "Running"
            ]
        for name in names:
            node.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}?gracePeriodSeconds=0")
        outcome, after = future.result()
    assert names and outcome.succeeded, outcome.detail
    assert value(after, "middle", "done") == "True"


def out_of_memory(pods: Pods, folder: Path) -> None:
    outcome, dump = pods.leaves(write(folder, GREEDY), "inject", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == "True"


def a_step_that_asks_not_to_be_tried_again(pods: Pods, folder: Path) -> None:
    outcome, _ = pods.leaves(write(folder, FINAL.replace("CODE", "202")), "inject", {})
    assert not outcome.succeeded and "'start': ['failed']" in outcome.detail
    assert failures(pods.images.s3, "Final", outcome.run) == ["start/-.0.failure.json"]


@pytest.mark.parametrize(
    "scenario", scenarios("airflow-pods", a_pod_that_is_deleted, out_of_memory, a_step_that_asks_not_to_be_tried_again)
)
def test_a_fault(scenario: Scenario, ahead: Ahead) -> None:
    ahead.happened(scenario)
