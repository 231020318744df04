"""Runs on Argo: Workflows, and their status in the words that all engines share."""

from __future__ import annotations

import json
import time

from flowc.compiler.fast_start.record import replace
from flowc.targets.operating import (
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    SUSPENDED,
    TERMINATED,
    TIMED_OUT,
    EngineError,
    EngineRun,
    EngineTask,
)

from .cluster import Conflict
from .objects import DEPLOYMENT, seconds, spec_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.targets.operating import Start

    from .cluster import Cluster

    Workflow = dict[str, Any]

REQUEST, BY = "flowc.dev/request", "flowc.dev/by"
HELD = "flowc.dev/held"  # of a run that `trigger` has created suspended and not yet let go
OF_WORKFLOW = "workflows.argoproj.io/workflow"  # the label of a run's pods
FRESH = 120.0  # seconds after a change of the template, in which the controller may not have heard of it
PATIENCE = 60.0  # seconds for the controller to look at a new workflow
UNIQUE = 6  # characters of the uid in flowc's id of a run (emit.RUN)


def trigger(cluster: Cluster, start: Start) -> EngineRun:
    """Starts a run, and makes sure that it uses the current template.

    The controller hears of templates and of workflows by streams of their own. Shortly after a deploy a workflow may be
    ahead of its template: it would fail, or run the template as it was before. So it is created suspended and let go
    once the controller has copied the right template into it. So is one with a `begin`, since its uid is known then.
    """
    name = _name(start)
    workflow = _workflow(start, name)
    is_fresh = time.time() - start.deployed.changed < FRESH
    if is_fresh or start.begin is not None:
        workflow["spec"]["suspend"] = True
        workflow["metadata"]["annotations"][HELD] = "true"
    deadline = time.monotonic() + PATIENCE
    while True:
        live, existed = _created(cluster, workflow, start)
        if HELD not in live["metadata"].get("annotations", {}):
            return replace(run_of(live), existed=existed)
        ready = _ready(cluster, live, start, deadline)
        if ready is not None:
            return replace(run_of(ready), existed=existed)
        cluster.delete(cluster.path("workflows", name), live["metadata"]["uid"])
        while cluster.get(cluster.path("workflows", name)) is not None and time.monotonic() < deadline:
            time.sleep(0.2)


def _name(start: Start) -> str:
    if not start.request:
        import secrets

        letters = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes makes names, without words
        return f"{start.deployed.name}-{''.join(secrets.choice(letters) for _ in range(5))}"
    return f"{start.deployed.name}-{start.request}"


def _workflow(start: Start, name: str) -> Workflow:
    deployed = start.deployed
    annotations = {"flowc/flow": deployed.flow, "flowc/code": deployed.code, BY: start.by, REQUEST: start.request}
    labels = {DEPLOYMENT: deployed.name, "workflows.argoproj.io/workflow-template": deployed.name}
    parameters = [{"name": key, "value": value} for key, value in start.parameters]
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "metadata": {
            "name": name, "labels": labels, "annotations": {key: text for key, text in annotations.items() if text},
        },
        "spec": {"workflowTemplateRef": {"name": deployed.name}, "arguments": {"parameters": parameters}},
    }  # fmt: skip


def _created(cluster: Cluster, workflow: Workflow, start: Start) -> tuple[Workflow, bool]:
    """Creates the workflow, or returns that which the same request has created, and True."""
    name = workflow["metadata"]["name"]
    try:
        return dict(cluster.create(cluster.path("workflows"), workflow)), False
    except Conflict:
        live = cluster.get(cluster.path("workflows", name))
        if live is None:
            raise EngineError(f"run {name} was deleted at this moment", "run the same command again") from None
        own = workflow["metadata"]["annotations"].get(REQUEST)
        if live["metadata"].get("annotations", {}).get(REQUEST) != own:
            raise EngineError(f"there is a run {name} already", "choose a different id for this one") from None
        if _arguments(live) != _arguments(workflow):
            message = f"run {name} was started with other parameters"
            raise EngineError(message, "choose a different id for this one") from None
        return dict(live), bool(start.request)


def _arguments(workflow: Workflow) -> dict[str, str]:
    parameters = workflow["spec"].get("arguments", {}).get("parameters") or []
    return {parameter["name"]: parameter.get("value", "") for parameter in parameters}


def _ready(cluster: Cluster, live: Workflow, start: Start, deadline: float) -> Workflow | None:
    """Waits until the controller has seen the workflow, and lets it go; None if it saw no template, or an old one."""
    path = cluster.path("workflows", live["metadata"]["name"])
    while True:
        status = live.get("status", {})
        stored = status.get("storedWorkflowTemplateSpec")
        if stored:
            template = cluster.get(cluster.path("workflowtemplates", start.deployed.name))
            if template is None or spec_digest(stored) == spec_digest(template["spec"]):
                _begin(cluster, live, start)
                return dict(cluster.merge(path, {"metadata": {"annotations": {HELD: None}}, "spec": {"suspend": None}}))
            return None
        if status.get("phase") in ("Error", "Failed"):
            return None if "not found" in status.get("message", "") and time.monotonic() < deadline else live
        if time.monotonic() > deadline:
            message = f"Argo's controller has not looked at run {live['metadata']['name']} for {PATIENCE:.0f} seconds"
            hint = "check that the workflow-controller runs and serves this namespace; the run waits for it, suspended"
            raise EngineError(message, hint)
        time.sleep(0.3)
        live = dict(cluster.get(path) or {"metadata": live["metadata"], "spec": live["spec"]})


def _begin(cluster: Cluster, live: Workflow, start: Start) -> None:
    """Calls the start's `begin`. If that fails, deletes the workflow, which has run nothing yet."""
    if start.begin is None:
        return
    try:
        start.begin(run_of(live))
    except BaseException:
        cluster.delete(cluster.path("workflows", live["metadata"]["name"]), live["metadata"]["uid"])
        raise


def get(cluster: Cluster, name: str) -> EngineRun | None:
    """Returns the run that Argo or flowc calls so."""
    name = name.rpartition("/")[2]
    live = cluster.get(cluster.path("workflows", name))
    if live is None:
        head, _, uid = name.rpartition("-")
        live = cluster.get(cluster.path("workflows", head)) if head and len(uid) == UNIQUE else None
        if live is None or not live["metadata"]["uid"].startswith(uid):
            return None
    return run_of(live, with_tasks=True)


def listed(cluster: Cluster, name: str, under_way: bool) -> tuple[EngineRun, ...]:
    """Returns the runs of the deployment, newest first, with the states that the controller has in their labels.

    A label tells neither a terminated run from a failed one nor a suspended one from one that runs.
    """
    selector = f"{DEPLOYMENT}={name}"
    if under_way:
        selector += ",workflows.argoproj.io/completed!=true"
    found = cluster.list(cluster.path("workflows"), selector, metadata_only=True)
    runs = [run_of({"metadata": one["metadata"], "status": {"phase": _phase(one)}}) for one in found]
    return tuple(sorted(runs, key=lambda run: (run.handle["metadata"]["creationTimestamp"], run.name), reverse=True))


def _phase(workflow: Workflow) -> str:
    return str(workflow["metadata"].get("labels", {}).get("workflows.argoproj.io/phase", ""))


def run_of(workflow: Workflow, with_tasks: bool = False) -> EngineRun:
    metadata, status = workflow["metadata"], workflow.get("status", {})
    state = _state(workflow)
    return EngineRun(
        f"{metadata['name']}-{metadata['uid'][:UNIQUE]}", metadata["name"], _flow(workflow),
        metadata.get("labels", {}).get(DEPLOYMENT, ""), state, status.get("message", ""),
        seconds(status.get("startedAt")) or seconds(metadata.get("creationTimestamp")),
        seconds(status.get("finishedAt")), _tasks(workflow) if with_tasks else (), handle=workflow,
        owner=_owner(metadata),
    )  # fmt: skip


def _owner(metadata: dict[str, Any]) -> str:
    """Returns FLOWC_OWNER of the run's tasks (`emit.OWNER`)."""
    return f"argo:{metadata.get('namespace', '')}/{metadata['name']}:{metadata['uid']}"


def _flow(workflow: Workflow) -> str:
    flow = workflow["metadata"].get("annotations", {}).get("flowc/flow", "")
    if flow:
        return str(flow)
    env = _stored(workflow).get("templateDefaults", {}).get("container", {}).get("env", [])
    return next((str(one.get("value", "")) for one in env if one.get("name") == "FLOWC_FLOW"), "")


def _stored(workflow: Workflow) -> dict[str, Any]:
    return dict(workflow.get("status", {}).get("storedWorkflowTemplateSpec") or workflow.get("spec", {}))


def _state(workflow: Workflow) -> str:
    spec, status = workflow.get("spec", {}), workflow.get("status", {})
    phase = status.get("phase", "")
    if phase == "Succeeded":
        return SUCCEEDED
    if phase in ("Failed", "Error"):
        if spec.get("shutdown"):
            return TERMINATED
        return TIMED_OUT if _took_too_long(workflow) else FAILED
    if spec.get("suspend") is True:
        return SUSPENDED
    return RUNNING if phase == "Running" else PENDING


def _took_too_long(workflow: Workflow) -> bool:
    """Returns True if the run ended at its deadline. Argo says so of tasks only, and of those for other reasons too."""
    status = workflow["status"]
    limit = workflow.get("spec", {}).get("activeDeadlineSeconds") or _stored(workflow).get("activeDeadlineSeconds")
    ended = seconds(status.get("finishedAt"))
    return bool(limit and ended) and ended - seconds(status.get("startedAt")) >= float(limit or 0)


_TASKS = {
    "": PENDING, "Pending": PENDING, "Running": RUNNING, "Succeeded": SUCCEEDED, "Failed": FAILED, "Error": FAILED,
}  # fmt: skip


def _tasks(workflow: Workflow) -> tuple[EngineTask, ...] | None:
    """Returns the last attempt of each task that Argo has begun; None if their status is not in the object."""
    status = workflow.get("status", {})
    nodes = status.get("nodes") or {}
    if status.get("compressedNodes"):
        import base64
        import zlib

        nodes = json.loads(zlib.decompress(base64.b64decode(status["compressedNodes"]), 31))
    elif status.get("offloadNodeStatusVersion"):
        return None
    steps = {
        template["name"]: template["container"]["args"]
        for template in _stored(workflow).get("templates", [])
        if "args" in template.get("container", {})
    }
    tasks: dict[tuple[str, str], EngineTask] = {}
    for node in nodes.values():
        if node.get("type") != "Pod" or node.get("templateName") not in steps:
            continue
        step = _argument(steps[node["templateName"]], "--step")
        parameters = {one["name"]: one.get("value", "") for one in node.get("inputs", {}).get("parameters", [])}
        path = parameters.get("path", "-")
        attempt = _attempt(node)
        earlier = tasks.get((step, path))
        if earlier is None or earlier.attempt <= attempt:
            tasks[step, path] = EngineTask(
                step, path, _TASKS.get(node.get("phase", ""), PENDING), node.get("message", ""), attempt, node["id"],
                seconds(node.get("startedAt")), seconds(node.get("finishedAt")),
            )  # fmt: skip
    return tuple(sorted(tasks.values(), key=lambda task: (task.started or 1e12, task.step, task.path)))


def _argument(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1] if name in arguments[:-1] else ""


def _attempt(node: dict[str, Any]) -> int:
    """Returns the number at the end of `NAME(2)`, as Argo calls the attempts of a retried node."""
    _, _, number = node.get("displayName", "").rpartition("(")
    return int(number[:-1]) if number.endswith(")") and number[:-1].isdigit() else 0


def terminate(cluster: Cluster, run: EngineRun, graceful: bool) -> bool:
    if _has_ended(cluster, run):
        return False
    cluster.merge(cluster.path("workflows", run.name), {"spec": {"shutdown": "Stop" if graceful else "Terminate"}})
    return True


def suspend(cluster: Cluster, run: EngineRun, suspended: bool) -> bool:
    path = cluster.path("workflows", run.name)
    if _has_ended(cluster, run):
        raise EngineError(f"run {run.id} has ended", "")
    live = cluster.get(path) or {}
    if (live.get("spec", {}).get("suspend") is True) == suspended:
        return False
    cluster.merge(path, {"spec": {"suspend": True if suspended else None}})
    return True


def _has_ended(cluster: Cluster, run: EngineRun) -> bool:
    live = cluster.get(cluster.path("workflows", run.name))
    if live is None or live["metadata"]["uid"] != run.handle["metadata"]["uid"]:
        raise EngineError(f"run {run.id} has been deleted from the cluster")
    return live.get("status", {}).get("phase") in ("Succeeded", "Failed", "Error")


def logs(cluster: Cluster, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
    """Yields what the pods that are still there have printed; a pod that never started has only its events."""
    by_node = {task.name: task for task in run.tasks or ()}
    pods = cluster.list(f"/api/v1/namespaces/{cluster.namespace}/pods", f"{OF_WORKFLOW}={run.name}")
    for pod in pods:
        task = by_node.get(pod["metadata"].get("annotations", {}).get("workflows.argoproj.io/node-id", ""))
        if task is None:
            continue
        path = f"/api/v1/namespaces/{cluster.namespace}/pods/{pod['metadata']['name']}/log"
        try:
            yield task, cluster.text(path, container="main")
        except EngineError as error:  # its container waits to start
            yield task, f"({task.message or error.message})\n".encode()
