"""Argo as an engine of tests: `start` and `wait`, or `run`, for WorkflowTemplates as they are emitted."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from flowc.runtime_bundle import bundle
from tests.s3_server import S3Server

from .deploying import Compiled, Outcome, compiled
from .kubernetes.build import PYTHON
from .kubernetes.images import Image, files_layer
from .kubernetes.node import NAMESPACE, ApiError, Node

RUNTIME, BAKED, SECRET = "docker.io/flowc-test/runtime:1", "docker.io/flowc-test/baked:1", "datastore"
WINE = "docker.io/flowc-test/wine:1"
DELIVERIES = {
    "inject": ("--image", PYTHON, "--runtime-image", RUNTIME, "--env-secret", SECRET, "--namespace", NAMESPACE),
    "baked": ("--image", BAKED, "--runtime", "baked", "--env-secret", SECRET, "--namespace", NAMESPACE),
}


def prepare(node: Node, s3: S3Server) -> None:
    """Makes the two images that users make, and the Secret with the datastore's credentials."""
    files = dict(bundle())
    busybox = (node.cache / "images" / "busybox.layer").read_bytes()
    python = (node.cache / "images" / "python.layer").read_bytes()
    packages = "usr/lib/python3/dist-packages"
    images = [
        Image(RUNTIME, [busybox, files_layer({f"runtime/{name}": data for name, data in files.items()})], ["/bin/sh"]),
        Image(BAKED, [python, files_layer({f"{packages}/{name}": data for name, data in files.items() if name.startswith("flowc/")})], ["python3"]),
    ]
    with TemporaryDirectory() as folder:
        for number, each in enumerate(images):
            each.write(Path(folder, f"{number}.tar"))
            node.load(Path(folder, f"{number}.tar"))
    node.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": s3.environment})


def with_packages(node: Node, folder: Path) -> str:
    """Makes an image that holds the packages of a folder, and returns its name."""
    packages = "usr/lib/python3/dist-packages"
    files = {f"{packages}/{each.relative_to(folder)}": each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    with TemporaryDirectory() as made:
        Image(WINE, [(node.cache / "images" / "python.layer").read_bytes(), files_layer(files)], ["python3"]).write(Path(made, "image.tar"))
        node.load(Path(made, "image.tar"))
    return WINE


class Argo:
    def __init__(self, node: Node, s3: S3Server) -> None:
        self.node, self.s3 = node, s3
        self.started: dict[str, float] = {}

    def deploy(self, flow: Path, delivery: str, *options: str) -> Compiled:
        """Compiles the flow and applies its manifests, which the API server validates strictly; schedules are suspended."""
        made = compiled(flow, "argo", self.s3, "--name", f"{delivery}-{flow.stem.replace('_', '-')}"[:50].lower(), *DELIVERIES[delivery], *options)
        for each in self.manifests(made):
            if each["kind"] == "CronWorkflow":
                each["spec"]["suspend"] = True
            self.node.apply(each)
        return made

    def manifests(self, made: Compiled) -> list[dict[str, Any]]:
        return list(yaml.safe_load_all(made.only(".argo.yaml")))

    def start(self, made: Compiled, parameters: dict[str, str] | None = None, name: str = "") -> str:
        """Starts a run as `argo submit --from` does; returns its id."""
        template = self.manifests(made)[0]["metadata"]["name"]
        given = [{"name": key, "value": value} for key, value in (parameters or {}).items()]
        workflow = {
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": name} if name else {"generateName": f"{template}-"},
            "spec": {"workflowTemplateRef": {"name": template}, "arguments": {"parameters": given}},
        }  # fmt: skip
        run = str(self._call("POST", "", workflow)["metadata"]["name"])
        self.started[run] = time.monotonic()
        return run

    def wait(self, run: str, seconds: float = 600) -> Outcome:
        """Waits for the run's end."""
        deadline = time.monotonic() + seconds
        phase, status = "", {}
        while time.monotonic() < deadline and phase not in ("Succeeded", "Failed", "Error"):
            time.sleep(0.5)
            status = self._call("GET", f"/{run}").get("status", {})
            phase = status.get("phase", "")
        nodes = list(status.get("nodes", {}).values())
        pods = [each for each in nodes if each["type"] == "Pod"]
        detail = "" if phase == "Succeeded" else self._detail(run, phase, status, nodes)
        finished = time.monotonic() - self.started[run]
        return Outcome(run, phase == "Succeeded", finished, len(pods), detail)

    def run(self, flow: Path, delivery: str = "inject", parameters: dict[str, str] | None = None) -> Outcome:
        """Compiles, deploys, runs and waits."""
        return self.wait(self.start(self.deploy(flow, delivery), parameters))

    def _detail(self, run: str, phase: str, status: dict[str, Any], nodes: list[dict[str, Any]]) -> str:
        lines = [f"{run}: {phase or 'not ended'} {status.get('message', '')}"]
        lines += [
            f"  {each['displayName']} {each['type']} {each['phase']} {each.get('message', '')}" for each in nodes if each["phase"] != "Succeeded"
        ]
        for each in self.node.pods(f"workflows.argoproj.io/workflow={run}")[:4]:
            lines.append(f"── {each['metadata']['name']}\n{self.node.pod_log(each['metadata']['name'])[-1500:]}")
        return "\n".join([*lines, self.node.logs(3) if not phase else ""])

    def _call(self, method: str, path: str, body: object = None) -> Any:
        for attempt in range(10):
            try:
                return self.node.call(method, f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflows{path}", body)
            except (OSError, ApiError) as error:
                if isinstance(error, ApiError) and error.code < 500 or attempt == 9:
                    raise
                time.sleep(1)
