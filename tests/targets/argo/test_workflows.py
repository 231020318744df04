"""What the status of a Workflow says in the words that all engines share."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from flowc.targets.argo.workflows import run_of

SPEC = {
    "templates": [
        {"name": "fit-x", "container": {"args": ["task", "--step", "fitX", "--path", "{{inputs.parameters.path}}"]}},
        {"name": "start", "container": {"args": ["task", "--step", "start", "--path", "-"]}},
        {"name": "flow", "dag": {}},
    ]
}


def node(name: str, template: str, phase: str, path: str = "", message: str = "", kind: str = "Pod") -> dict[str, Any]:
    inputs = {"inputs": {"parameters": [{"name": "path", "value": path}]}} if path else {}
    return {
        "id": name, "displayName": name, "type": kind, "templateName": template, "phase": phase, "message": message,
        "startedAt": "2026-11-30T06:00:00Z", **inputs,
    }  # fmt: skip


NODES = {
    one["id"]: one
    for one in (
        node("w", "flow", "Running", kind="DAG"),
        node("start", "start", "Succeeded"),
        node("fit(1)(0)", "fit-x", "Failed", "1", "Error (exit code 1)"),
        node("fit(1)(1)", "fit-x", "Running", "1"),
        node("fit(0)(0)", "fit-x", "Pending", "0"),
    )
}


TEN_SECONDS = {"startedAt": "2026-11-30T06:00:00Z", "finishedAt": "2026-11-30T06:00:10Z"}


def workflow(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {
        "name": "train-x", "uid": "3f9a1000-0", "labels": {"flowc.dev/deployment": "train"},
        "annotations": {"flowc/flow": "Train"}, "creationTimestamp": "2026-11-30T05:59:58Z",
    }  # fmt: skip
    return {"metadata": metadata, "spec": spec, "status": {"storedWorkflowTemplateSpec": SPEC, **status}}


@pytest.mark.parametrize(
    ("status", "spec", "state"),
    [
        ({}, {}, "pending"),
        ({"phase": "Pending"}, {}, "pending"),
        ({"phase": "Running"}, {}, "running"),
        ({"phase": "Running"}, {"suspend": True}, "suspended"),
        ({}, {"suspend": True}, "suspended"),
        ({"phase": "Running"}, {"shutdown": "Terminate"}, "running"),
        ({"phase": "Succeeded"}, {"shutdown": "Stop"}, "succeeded"),
        ({"phase": "Failed"}, {}, "failed"),
        ({"phase": "Error", "message": "no template"}, {}, "failed"),
        ({"phase": "Failed", "message": "Stopped with strategy 'Terminate'"}, {"shutdown": "Terminate"}, "terminated"),
        ({"phase": "Failed", **TEN_SECONDS}, {"activeDeadlineSeconds": 10}, "timed-out"),
        ({"phase": "Failed", **TEN_SECONDS}, {"activeDeadlineSeconds": 11}, "failed"),
        ({"phase": "Failed", **TEN_SECONDS}, {}, "failed"),
    ],
)
def test_states(status: dict[str, Any], spec: dict[str, Any], state: str) -> None:
    run = run_of(workflow(status, **spec))
    assert (run.state, run.id, run.name, run.flow, run.deployment) == (
        state,
        "train-x-3f9a10",
        "train-x",
        "Train",
        "train",
    )


@pytest.mark.parametrize(
    "status",
    [
        {"nodes": NODES},
        {"compressedNodes": base64.b64encode(gzip.compress(json.dumps(NODES).encode())).decode()},
    ],
)
def test_tasks(status: dict[str, Any]) -> None:
    """The last attempt of each task, under the name of its step; other nodes are none."""
    run = run_of(workflow({"phase": "Running", **status}), with_tasks=True)
    assert run.tasks is not None
    assert {(task.step, task.path, task.state, task.attempt) for task in run.tasks} == {
        ("start", "-", "succeeded", 0), ("fitX", "1", "running", 1), ("fitX", "0", "pending", 0),
    }  # fmt: skip


def test_tasks_that_are_kept_elsewhere() -> None:
    assert run_of(workflow({"phase": "Running", "offloadNodeStatusVersion": "fnv:1"}), with_tasks=True).tasks is None
