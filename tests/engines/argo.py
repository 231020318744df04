"""Argo as an engine of tests: `start` and `wait`, or `run`, for WorkflowTemplates as they are emitted."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flowc.runtime_bundle import bundle
from tests.support.building import documents, runtime_folder
from tests.support.running import until
from tests.support.s3_server import S3Server

from .deploying import Compiled, Dump, Given, Outcome, as_text, compiled, left, named
from .kubernetes.build import PYTHON
from .kubernetes.images import Image, files_layer, folder_layer
from .kubernetes.node import NAMESPACE, ApiError, Node
from .packages import DEBIAN_PYTHON, packages_of, with_bytecode

RUNTIME, BAKED, SECRET = "docker.io/flowc-test/runtime:1", "docker.io/flowc-test/baked:1", "datastore"
NAMED = "docker.io/library/python:3.11-slim"  # an image that a feature flow names, which has flowc too
OF = "workflows.argoproj.io/workflow"  # the label that names the Workflow of a pod
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"  # a workflow's whole status is a hundred times as much
PACKAGES = "usr/lib/python3/dist-packages"


class Images:
    """The images that users make, on the node, and the Secret with the datastore's credentials."""

    def __init__(self, node: Node, s3: S3Server) -> None:
        self.node, self.s3 = node, s3
        self.lock, self.made = threading.Lock(), dict[Path, str]()
        self.busybox = (node.cache / "images" / "busybox.layer").read_bytes()
        self.python = (node.cache / "images" / "python.layer").read_bytes()
        self.flowc = files_layer(
            with_bytecode({f"{PACKAGES}/{name}": data for name, data in bundle() if name.startswith("flowc/")})
        )
        with TemporaryDirectory() as folder:
            runtime_folder(Path(folder, "image", "runtime"))
            self._load(Image(RUNTIME, [self.busybox, folder_layer(Path(folder, "image"))], ["/bin/sh"]))
        self._load(Image(BAKED, [self.python, self.flowc], ["python3"], (NAMED,)))
        node.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": s3.environment})

    def options(self, flow: Path, delivery: str) -> tuple[str, ...]:
        """Options of `flowc compile` for pods here: an image of the flow, and how the shim comes to it.

        The delivery `optimized` is `baked`, with several tasks to a pod.
        """
        baked = ("--runtime", "baked")
        how = {"inject": ("--runtime-image", RUNTIME), "baked": baked, "optimized": (*baked, "--optimize")}[delivery]
        image = self.with_packages(flow) or (PYTHON if delivery == "inject" else BAKED)
        return ("--image", image, *how, "--env-secret", SECRET, "--namespace", NAMESPACE)

    def with_packages(self, flow: Path) -> str:
        """Returns an image with flowc and the flow's packages, made on first use; "" if the flow has none."""
        folder = packages_of(flow, DEBIAN_PYTHON)
        if folder is None:
            return ""
        with self.lock:
            if folder not in self.made:
                name = f"docker.io/flowc-test/packages:{len(self.made)}"
                files = {
                    f"{PACKAGES}/{path.relative_to(folder)}": path.read_bytes()
                    for path in folder.rglob("*")
                    if path.is_file()
                }
                self._load(Image(name, [self.python, self.flowc, files_layer(files)], ["python3"]))
                self.made[folder] = name
        return self.made[folder]

    def _load(self, image: Image) -> None:
        with TemporaryDirectory() as folder:
            image.write(Path(folder, "image.tar"))
            self.node.load(Path(folder, "image.tar"))


class Argo:
    at_once = 10

    def __init__(self, images: Images) -> None:
        self.images, self.node, self.s3 = images, images.node, images.s3
        self.lock = threading.Lock()
        self.started: dict[str, float] = {}

    def deploy(
        self, flow: Path, delivery: str, *options: str, change: Callable[[dict[str, Any]], None] | None = None
    ) -> Compiled:
        """Compiles the flow and applies its manifests, which the API server validates strictly; schedules are suspended.

        `change` changes the WorkflowTemplate before it is applied. The controller may start a run with the template as it was before a
        second `apply`, of which it has not heard yet.
        """
        name = named(flow, f"{delivery}-{flow.stem.replace('_', '-')}"[:50].lower())
        spec = compiled(flow, "argo", self.s3, *name, *self.images.options(flow, delivery), *options)
        for manifest in self.manifests(spec):
            if change is not None and manifest["kind"] == "WorkflowTemplate":
                change(manifest)
            if manifest["kind"] == "CronWorkflow":
                manifest["spec"]["suspend"] = True
            if manifest["kind"] != "Sensor" or self.has_events():
                self.node.apply(manifest)
        return spec

    def has_events(self) -> bool:
        """Returns True if Argo Events is on the node. Without it, tests start runs themselves."""
        try:
            self.node.call("GET", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/sensors")
        except ApiError:
            return False
        return True

    def manifests(self, spec: Compiled) -> list[dict[str, Any]]:
        return documents(spec.only(".argo.yaml"))

    def start(self, spec: Compiled, parameters: dict[str, str] | None = None, name: str = "") -> str:
        """Starts a run as `argo submit --from` does, and sees it begin; returns the name of its Workflow.

        The controller hears of templates and of workflows by streams of their own: a workflow's may be ahead of that of its template, applied just
        before, and it ends the workflow at once. Whoever submits it then submits it again, as done here.
        """
        template = self.manifests(spec)[0]["metadata"]["name"]
        arguments = [{"name": key, "value": value} for key, value in (parameters or {}).items()]
        workflow = {
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": name} if name else {"generateName": f"{template}-"},
            "spec": {"workflowTemplateRef": {"name": template}, "arguments": {"parameters": arguments}},
        }  # fmt: skip
        unheard = f'workflowtemplates.argoproj.io "{template}" not found'
        deadline = time.monotonic() + 60
        while True:
            run = str(self._call("POST", "", workflow)["metadata"]["name"])
            self.started[run] = time.monotonic()
            if (
                self._phase(run) != "Error"
                or time.monotonic() > deadline
                or self._call("GET", f"/{run}")["status"].get("message") != unheard
            ):
                return run
            self.delete(run)

    def wait(self, run: str, seconds: float = 1800) -> Outcome:
        """Waits for the run's end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.has_ended(run):
            time.sleep(2)  # ten runs at once ask, and the server has enough to do
        status = self._call("GET", f"/{run}").get("status", {})
        phase = status.get("phase", "") if self.has_ended(run) else ""
        nodes = list(status.get("nodes", {}).values())
        pods = [node for node in nodes if node["type"] == "Pod"]
        detail = "" if phase == "Succeeded" else self._detail(run, phase, status, nodes)
        finished = time.monotonic() - self.started[run]
        return Outcome(self.id_of(run), phase == "Succeeded", finished, len(pods), detail)

    def run(self, flow: Path, delivery: str = "inject", parameters: dict[str, str] | None = None) -> Outcome:
        """Compiles, deploys, runs and waits."""
        return self.wait(self.start(self.deploy(flow, delivery), parameters))

    def retry(self, run: str, restart_successful: bool = False, selector: str = "") -> str:
        """Does what `argo retry` does, by Argo's own code for it: the same Workflow goes on. Returns its name."""
        program = [str(self.node.argo / "retry"), str(restart_successful).lower(), selector]
        done = subprocess.run(program, input=json.dumps(self._call("GET", f"/{run}")), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        for pod in answer["pods"]:
            with contextlib.suppress(ApiError):  # gone already, where podGC has deleted it
                self.node.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}?gracePeriodSeconds=0")
        until(
            lambda: not set(answer["pods"]) & {pod["metadata"]["name"] for pod in self.node.pods(f"{OF}={run}")},
            "the pods are gone",
            300,
            every=0.3,
        )
        self._call("PUT", f"/{run}", answer["workflow"])
        self.started[run] = time.monotonic()
        return run

    def failures(self, run: str) -> dict[str, list[str]]:
        """Returns Argo's messages about the failed pods of the run: name of the template → messages."""
        messages: dict[str, list[str]] = {}
        for node in self._call("GET", f"/{run}")["status"]["nodes"].values():
            if node["type"] == "Pod" and node["phase"] in ("Failed", "Error"):
                messages.setdefault(node["templateName"], []).append(node.get("message", ""))
        return messages

    def delete(self, run: str) -> None:
        """Deletes the run's Workflow, and its pods as a cluster's garbage collector does: those of another run of its name are called the same."""
        self._call("DELETE", f"/{run}")
        pods = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={OF}={run}"
        while self.node.call("GET", pods)["items"]:
            self.node.call("DELETE", pods)
            time.sleep(0.5)

    def leaves(self, flow: Path, delivery: str, values: Given, *options: str) -> tuple[Outcome, Dump]:
        """Runs the flow, and reads what it left. One that says itself what it is called runs once at a time."""
        with contextlib.nullcontext() if named(flow, "any") else self.lock:
            spec = self.deploy(flow, delivery, *options)
            outcome = self.wait(self.start(spec, as_text(values)))
        return outcome, left(self.s3, outcome.run, spec.flow, packages_of(flow))

    def id_of(self, run: str) -> str:
        """Returns flowc's id of the Workflow's run."""
        return f"{run}-{self._call('GET', f'/{run}', accept=METADATA)['metadata']['uid'][:6]}"

    def _detail(self, run: str, phase: str, status: dict[str, Any], nodes: list[dict[str, Any]]) -> str:
        lines = [f"{run}: {phase or 'not ended'} {status.get('message', '')}"]
        lines += [
            f"  {node['displayName']} {node['type']} {node['phase']} {node.get('message', '')}"
            for node in nodes
            if node["phase"] != "Succeeded"
        ]
        for pod in self.node.pods(f"{OF}={run}")[:4]:
            lines.append(f"── {pod['metadata']['name']}\n{self.node.pod_log(pod['metadata']['name'])[-1500:]}")
        return "\n".join([*lines, self.node.logs(3) if not phase else ""])

    def _phase(self, run: str) -> str:
        """The run's phase, once the controller has seen it."""
        return until(
            lambda: self._labels(run).get("workflows.argoproj.io/phase", ""), f"a phase of {run}", 300, every=0.2
        )

    def has_ended(self, run: str) -> bool:
        return self._labels(run).get("workflows.argoproj.io/completed") == "true"

    def _labels(self, run: str) -> dict[str, str]:
        return dict(self._call("GET", f"/{run}", accept=METADATA)["metadata"].get("labels", {}))

    def _call(self, method: str, path: str, body: object = None, accept: str = "application/json") -> Any:
        for attempt in range(10):
            try:
                return self.node.call(
                    method, f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflows{path}", body, accept=accept
                )
            except (OSError, ApiError) as error:
                if isinstance(error, ApiError) and error.code < 500 or attempt == 9:
                    raise
                time.sleep(1)
