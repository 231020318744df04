"""`@batch` on targets that make pods: what the pod has, what is said, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flowc.compiler.decorators.decorator import specification
from flowc.compiler.ir import nodes
from flowc.targets.shared.pods import pod_of, room
from flowc.targets.target import emitter

from tests.support.building import options_of

SPAN = nodes.Span("flow.py", 1, 1, 1, 2)


def decorator(name: str, **attributes: Any) -> nodes.Decorator:
    spec = specification(name)
    assert spec is not None
    return nodes.Decorator(name, {**spec.attributes, **attributes}, SPAN)


def step(*decorators: nodes.Decorator) -> nodes.Step:
    return nodes.Step("start", "", decorators, nodes.Linear("end", SPAN), False, SPAN)


def flow(*decorators: nodes.Decorator) -> nodes.Flow:
    end = nodes.Step("end", "", (), nodes.End(), False, SPAN)
    return nodes.Flow("F", "flow.py", "", "start", "end", (), (), (), (step(*decorators), end), SPAN)


def test_the_pod_has_what_the_job_would_have() -> None:
    asked = decorator(
        "batch", cpu=4, memory=16000, gpu=1, image="me/train:3", shared_memory=512, executable="python3", queue="q"
    )
    pod = pod_of(step(asked))
    assert (pod.image, pod.python, room(step(asked))) == ("me/train:3", "python3", (4, 16000))
    assert pod.container["resources"] == {
        "requests": {"cpu": "4", "memory": "16000Mi"}, "limits": {"memory": "16000Mi", "nvidia.com/gpu": "1"},
    }  # fmt: skip
    assert pod.mounts == ({"name": "shared-memory", "mountPath": "/dev/shm"},)


def test_resources_and_kubernetes_beside_it() -> None:
    """The larger amount counts, as beside `@kubernetes`; and `@kubernetes` has said what the pod is."""
    asked = decorator("batch", cpu=2, memory=1000, image="job:1")
    assert room(step(asked, decorator("resources", cpu=8, memory=500))) == (8, 1000)
    both = step(asked, decorator("kubernetes", cpu=1, memory=2000, image="pod:1"))
    assert (pod_of(both).image, room(both)) == ("pod:1", (1, 2000))
    assert list(emitter("argo").check(flow(*both.decorators), options_of("argo"))) == []


@pytest.mark.parametrize("target", ["argo", "airflow"])
def test_what_is_said(target: str) -> None:
    def codes(**attributes: Any) -> list[tuple[str, str]]:
        found = emitter(target).check(flow(decorator("batch", **attributes)), options_of(target))
        return [(one.code, one.severity) for one in found]

    said = [("FLOW508", "warning")]
    assert codes(cpu=4, queue="q", iam_role="r", log_driver="awslogs") == said
    for refused in ({"host_volumes": ["/data"]}, {"inferentia": 1}, {"privileged": True}):
        assert codes(**refused) == [("FLOW503", "error"), *said]
    changed = ("FLOW510" if target == "argo" else "FLOW534", "error")
    assert codes(image="a/{{b}}:1") == [changed, *said]
    assert codes(use_tmpfs=True, tmpfs_path="/flowc") == [("FLOW555", "error"), *said]
