"""Argo Events on the test node: its controller, its event bus, an EventSource with a webhook, and the pods of Sensors.

Built once from the Go module proxy (`installed`). The controller and the bus, NATS, are processes of this machine. The
controller makes Deployments, which nothing on the node turns into pods, so this does.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.support.running import until

from .kubernetes.images import Image, files_layer
from .kubernetes.node import ADDRESS, NAMESPACE, ApiError, Node
from .kubernetes.supervisor import PORT
from .object_stores import installed
from .versions import ARGO_EVENTS, NATS

IMAGE = "docker.io/flowc-test/argo-events:1"
MODULE = "github.com/argoproj/argo-events"
BUS, SOURCE, EVENT = "default", "argo-events-webhook", "metaflow-event"  # flowc's defaults
WEBHOOK, ENDPOINT, BUS_PORT = 12000, "/flowc", 14222
EVENTS = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}"
STREAM = "maxMsgs: 50000\nmaxAge: 168h\nmaxBytes: -1\nreplicas: 1\nduplicates: 300s\nretention: 0\ndiscard: 0\n"


def program() -> Path:
    """Returns the program of Argo Events. Raises CalledProcessError, with what was printed, if it cannot be built.

    The proxy has no list of the module's versions, which `go install` asks for. A module that requires it needs none.
    """
    script = (
        "set -e; mkdir source; cd source; go mod init flowc.test/events; "
        f"go mod edit -require {MODULE}@{ARGO_EVENTS}; "
        f"printf 'package tools\\n\\nimport _ \"{MODULE}/cmd\"\\n' > tools.go; go mod tidy; "
        f"go build -mod=mod -ldflags='-s -w' -o ../argo-events {MODULE}/cmd; cd ..; rm -r source"
    )
    return installed(f"argo-events-{ARGO_EVENTS}", ["sh", "-c", script], **_GO) / "argo-events"


def nats() -> Path:
    """Returns the program of the event bus; raises as `program` does."""
    module = f"github.com/nats-io/nats-server/v2@{NATS}"
    return installed(f"nats-{NATS}", ["go", "install", "-ldflags=-s -w", module], **_GO) / "nats-server"


_GO = {"GOBIN": "{}", "CGO_ENABLED": "0", "GOTOOLCHAIN": "auto"}


def sources() -> Path:
    """Returns the folder of Argo Events' module, which has its CRDs and the configuration of its controller."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", f"{MODULE}@{ARGO_EVENTS}"],
        cwd="/", capture_output=True, text=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/local/go/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(json.loads(done.stdout)["Dir"])


class ArgoEvents:
    """Argo Events, as a user's cluster has it."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.pods: dict[str, Any] = {}  # by Deployment: its spec when the pod was made

    def publish(self, name: str, **payload: object) -> None:
        """Posts an event to the webhook, in the form of ArgoEvent."""
        body = {"name": name, "payload": {"name": name, **payload}}
        request = urllib.request.Request(
            self.url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    @property
    def url(self) -> str:
        return f"http://{self._address(SOURCE)}:{WEBHOOK}{ENDPOINT}"

    def ready(self, sensor: str) -> None:
        """Waits until the Sensor's pod listens to the bus. The controller has accepted the Sensor by then."""
        until(lambda: self._address(sensor), f"a pod of the Sensor {sensor}", 300, every=0.5)
        pod = self._pod(sensor)
        until(lambda: "Started to subscribe" in self.node.pod_log(pod) or "subscri" in self.node.pod_log(pod).lower(),
              f"the Sensor {sensor} listens: {self.node.pod_log(pod)}", 300, every=0.5)  # fmt: skip

    def conditions(self, sensor: str) -> dict[str, str]:
        """Returns what the controller says of the Sensor: the condition's type → its status and message."""
        live = self.node.call("GET", f"{EVENTS}/sensors/{sensor}")
        conditions = live.get("status", {}).get("conditions", [])
        return {one["type"]: f"{one['status']} {one.get('message', '')}".strip() for one in conditions}

    def log(self, name: str) -> str:
        return self.node.pod_log(self._pod(name)) if self._pod(name) else "no pod"

    def _address(self, name: str) -> str:
        """Returns the address of the pod that serves the EventSource or Sensor, "" if it does not run yet."""
        self._as_deployments_do()
        for deployment, pod in self.pods.items():
            if deployment.startswith(f"{name}-"):
                live = self.node.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}")
                ready = [each for each in live["status"].get("containerStatuses", []) if each["ready"]]
                return str(live["status"].get("podIP", "")) if ready else ""
        return ""

    def _pod(self, name: str) -> str:
        return next((pod for deployment, pod in self.pods.items() if deployment.startswith(f"{name}-")), "")

    def _as_deployments_do(self) -> None:
        """Makes the pod of each new or changed Deployment, and removes those of deleted ones."""
        deployments = self.node.call("GET", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")["items"]
        present = {one["metadata"]["name"]: one for one in deployments}
        for name, pod in list(self.pods.items()):
            if name not in present or not pod.endswith(f"-{present[name]['metadata']['generation']}"):
                with suppress(ApiError):
                    self.node.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}?gracePeriodSeconds=0")
                del self.pods[name]
        for name, deployment in present.items():
            if name in self.pods:
                continue
            template = deployment["spec"]["template"]
            pod = f"{name}-{deployment['metadata']['generation']}"
            spec = template["spec"]
            for container in spec["containers"]:  # there is no kube-proxy
                container.setdefault("env", []).extend([
                    {"name": "KUBERNETES_SERVICE_HOST", "value": ADDRESS},
                    {"name": "KUBERNETES_SERVICE_PORT", "value": str(PORT)},
                ])  # fmt: skip
                container["imagePullPolicy"] = "IfNotPresent"
            metadata = {"name": pod, "labels": template["metadata"].get("labels", {})}
            body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
            with suppress(ApiError):  # it may be there from an earlier look
                self.node.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", body)
            self.pods[name] = pod


@contextmanager
def argo_events(node: Node) -> Iterator[ArgoEvents]:
    """Starts Argo Events on the node, with a bus and an EventSource under the names that flowc takes by default."""
    binary, bus = program(), nats()
    with TemporaryDirectory() as text:
        folder = Path(text)
        image = folder / "image.tar"
        Image(IMAGE, [files_layer({"bin/argo-events": binary.read_bytes(), "tmp/.keep": b""})], [],
              entrypoint=("/bin/argo-events",)).write(image)  # fmt: skip
        node.load(image)
        module = sources()
        for path in sorted((module / "manifests" / "base" / "crds").glob("argoproj.io_*.yaml")):
            definition = yaml.safe_load(path.read_text())
            node.call(
                "PATCH",
                f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{definition['metadata']['name']}"
                "?fieldManager=flowc-test&force=true",
                definition, "application/apply-patch+yaml",
            )  # fmt: skip
        for plural in ("eventbus", "eventsources", "sensors"):
            until(partial(_known, node, plural), f"{plural} are known", 120)
        etc = folder / "etc" / "argo-events"
        etc.mkdir(parents=True)
        configuration = yaml.safe_load(
            (module / "manifests" / "base" / "controller-manager" / "controller-config.yaml").read_text()
        )
        (etc / "controller-config.yaml").write_text(configuration["data"]["controller-config.yaml"])
        processes: list[subprocess.Popen[bytes]] = []
        try:
            processes.append(_bus(bus, folder))
            processes.append(_controller(binary, node, folder))
            _apply(node, "eventbus", {
                "apiVersion": "argoproj.io/v1alpha1", "kind": "EventBus", "metadata": {"name": BUS},
                "spec": {"jetstreamExotic": {"url": f"nats://{ADDRESS}:{BUS_PORT}", "streamConfig": STREAM}},
            })  # fmt: skip
            _apply(node, "eventsources", {
                "apiVersion": "argoproj.io/v1alpha1", "kind": "EventSource", "metadata": {"name": SOURCE},
                "spec": {"webhook": {EVENT: {"port": str(WEBHOOK), "endpoint": ENDPOINT, "method": "POST"}}},
            })  # fmt: skip
            started = ArgoEvents(node, folder)
            try:
                until(lambda: started._address(SOURCE), "the EventSource's pod", 300, every=0.5)
                until(lambda: _listens(started.url), "the webhook listens", 120, every=0.5)
            except AssertionError as error:
                logs = "\n".join(path.read_text()[-3000:] for path in folder.glob("*.log"))
                raise AssertionError(f"{error}\n{logs}\n{started.log(SOURCE)[-3000:]}") from None
            yield started
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _known(node: Node, plural: str) -> bool:
    try:
        return "items" in node.call("GET", f"{EVENTS}/{plural}")
    except ApiError:
        return False


def _apply(node: Node, plural: str, thing: dict[str, Any]) -> None:
    path = f"{EVENTS}/{plural}/{thing['metadata']['name']}?fieldManager=flowc-test&force=true"
    node.call("PATCH", path, thing, "application/apply-patch+yaml")


def _listens(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:  # it wants a POST
        return True
    except OSError:
        return False


def _bus(program: Path, folder: Path) -> subprocess.Popen[bytes]:
    """NATS with JetStream. Argo Events insists on TLS, and checks no certificate of such a bus."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bus",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    with open(folder / "bus.log", "wb") as log:
        return subprocess.Popen(
            [str(program), "-js", "-sd", str(folder / "bus"), "-a", ADDRESS, "-p", str(BUS_PORT), "--tls",
             "--tlscert", str(folder / "cert.pem"), "--tlskey", str(folder / "key.pem")],
            stdout=log, stderr=log,
        )  # fmt: skip


def _controller(program: Path, node: Node, folder: Path) -> subprocess.Popen[bytes]:
    """The controller, which reads its configuration from /etc only: it gets an /etc of its own."""
    script = f'mount -t overlay overlay -o lowerdir="{folder}/etc:/etc" /etc && exec "$0" "$@"'
    environment = {
        **os.environ, "KUBECONFIG": str(node.kubeconfig), "ARGO_EVENTS_IMAGE": IMAGE, "IMAGE_PULL_POLICY": "IfNotPresent",
        "NAMESPACE": NAMESPACE,
    }  # fmt: skip
    with open(folder / "controller.log", "wb") as log:
        return subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, str(program), "controller", "--namespaced", "--managed-namespace",
             NAMESPACE, "--leader-election=false", "--metrics-port", "17777", "--health-port", "18081"],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip


if __name__ == "__main__":
    began = time.monotonic()
    print(program(), nats(), f"{time.monotonic() - began:.0f} s")
