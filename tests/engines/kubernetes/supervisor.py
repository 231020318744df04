"""The node's first process: starts everything of it in namespaces of its own, says READY, and ends with its standard input.

Started by `node.py` as `unshare --pid --mount … python supervisor.py STATE CACHE`. It is process 1 of its PID namespace, so that whatever happens to
the tests, nothing of the node outlives it: the kernel ends all processes of the namespace, and undoes its mounts.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

BRIDGE, SUBNET, ADDRESS, PORT = "flowc-test0", "10.231.0.0/24", "10.231.0.1", 16443
ELSEWHERE = "10.233.0.1"  # an address of this machine that pods have no route to
MAC = "0a:58:0a:e7:00:01"  # the bridge's
ETCD = 12379
NAMESPACE = "argo"
PATIENCE = 120.0  # seconds that a part of the node gets to answer, on a machine that may be busy
# what users apply: with Argo's full schemas, which cost a quarter of the API server's time
APPLIED = ("WorkflowTemplate", "CronWorkflow")
# the node's processes collect garbage a tenth as often, while they have room
COLLECT = {"GOGC": "1000", "GOMEMLIMIT": "2GiB"}
# What nobody reads once the node is gone, and a disk would be busy with: databases that write through for each container, and the volumes, into which
# Argo copies its executor for every pod, 70 MB each time.
IN_MEMORY = ("containerd", "etcd", "kubelet", "pod-logs", "run")
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}  # as Argo's usual installation has them


class Node:
    def __init__(self, state: str, cache: str, argo: str) -> None:
        self.state, self.cache, self.argo = state, cache, argo
        self.token = secrets.token_hex(16)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.lock = threading.Lock()  # while a program runs whose end somebody waits for

    def start(self) -> None:
        for name in ("cni", "cni-data", "logs", "certs", *IN_MEMORY):
            os.makedirs(f"{self.state}/{name}", exist_ok=True)
        for name in IN_MEMORY:
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", f"{self.state}/{name}"], check=True)
        self._files()
        self._bridge()
        self._run("etcd", [
            "etcd", "--data-dir", f"{self.state}/etcd", "--listen-client-urls", f"http://127.0.0.1:{ETCD}", "--advertise-client-urls", f"http://127.0.0.1:{ETCD}",
            "--listen-peer-urls", f"http://127.0.0.1:{ETCD + 1}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{ETCD + 1}",
            "--initial-cluster", f"default=http://127.0.0.1:{ETCD + 1}", "--unsafe-no-fsync",
        ])  # fmt: skip
        self._run("containerd", ["containerd", "-c", f"{self.state}/containerd.toml"])
        self._run("apiserver", [
            f"{self.cache}/kubernetes/apiserver", f"--etcd-servers=http://127.0.0.1:{ETCD}", f"--service-account-key-file={self.state}/sa.key",
            f"--service-account-signing-key-file={self.state}/sa.key", "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.state}/tokens.csv", "--authorization-mode=RBAC", f"--secure-port={PORT}", f"--bind-address={ADDRESS}",
            f"--advertise-address={ADDRESS}", f"--cert-dir={self.state}/certs", "--service-cluster-ip-range=10.232.0.0/24", "--allow-privileged=true",
            "--kubelet-preferred-address-types=InternalIP,Hostname",
        ])  # fmt: skip
        # which it makes a moment after it answers at all, and objects are put into it
        self._until(
            "the API server has its namespace `default`", lambda: bool(self.call("GET", "/api/v1/namespaces/default"))
        )
        images = concurrent.futures.ThreadPoolExecutor(1).submit(self._images)
        self._run("scheduler", [
            f"{self.cache}/kubernetes/kube-scheduler", "--kubeconfig", f"{self.state}/kubeconfig", "--leader-elect=false", "--bind-address=127.0.0.1",
        ])  # fmt: skip
        self._run("kubelet", [
            f"{self.cache}/kubernetes/kubelet", "--config", f"{self.state}/kubelet.yaml", "--kubeconfig", f"{self.state}/kubeconfig", "--hostname-override=node1",
            f"--node-ip={ADDRESS}", f"--root-dir={self.state}/kubelet", f"--cert-dir={self.state}/kubelet-certs",
        ])  # fmt: skip
        self._objects()
        images.result()
        self._until("the node is ready", self._ready)
        for kind in ("workflows", "workflowtemplates", "cronworkflows"):
            path = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/{kind}"
            self._until(f"Argo's {kind} are known", lambda path=path: "items" in self.call("GET", path))
        self.controller()
        threading.Thread(target=self._watch, daemon=True).start()

    def controller(self) -> None:
        """Starts the workflow-controller; also after it was stopped."""
        self._run(
            "workflow-controller",
            [
                f"{self.argo}/workflow-controller", "--kubeconfig", f"{self.state}/kubeconfig", "--namespace", NAMESPACE, "--namespaced",
                "--configmap", "workflow-controller-configmap", "--executor-image", "docker.io/flowc-test/argoexec:1",
            ],
            DEFAULT_REQUEUE_TIME="100ms", LEADER_ELECTION_DISABLE="true",
        )  # fmt: skip

    def restart(self, name: str) -> None:
        """Kills a process of the node, if it is still there, and starts it again."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()
        if name == "workflow-controller":
            self.controller()
        else:
            self._run(name, self.commands[name])

    def _watch(self) -> None:
        """Starts a process that has ended again, as its Deployment or systemd would; buries orphans, as every process 1 has to."""
        while True:
            time.sleep(1)
            self._bury()
            for name, process in list(self.processes.items()):
                if process.poll() is not None and self.processes.get(name) is process:
                    self.restart(name)

    def _bury(self) -> None:
        with self.lock:
            own = {process.pid for process in self.processes.values()}
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in own:
                os.waitpid(ended.si_pid, 0)

    def call(self, method: str, path: str, body: object = None, content: str = "application/json") -> dict:  # type: ignore[type-arg]
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"https://{ADDRESS}:{PORT}{path}",
            data,
            {"Authorization": f"Bearer {self.token}", "Content-Type": content},
            method=method,
        )
        with urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=30) as answer:
            reply: dict = json.load(answer)  # type: ignore[type-arg]
            return reply

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    commands: dict[str, list[str]] = {}

    def _run(self, name: str, command: list[str], **environment: str) -> None:
        self.commands[name] = command
        with open(f"{self.state}/logs/{name}.log", "ab") as log:
            path = os.environ["PATH"] + ":/usr/sbin:/sbin"
            self.processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.state,
                env={**os.environ, **COLLECT, "PATH": path, **environment},
            )

    def _files(self) -> None:
        recipe = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recipe")
        values = {"state": self.state, "address": ADDRESS, "bridge": BRIDGE, "subnet": SUBNET}
        for name, target in (
            ("containerd.toml", "containerd.toml"),
            ("kubelet.yaml", "kubelet.yaml"),
            ("10-flowc.conflist", "cni/10-flowc.conflist"),
        ):
            with open(f"{recipe}/{name}") as file:
                text = file.read()
            if name == "containerd.toml":  # its braces are none of Python's
                text = text.replace("{state}", self.state)
            else:
                text = text.format(**values)
            with open(f"{self.state}/{target}", "w") as file:
                file.write(text)
        subprocess.run(["openssl", "genrsa", "-out", f"{self.state}/sa.key", "2048"], check=True, capture_output=True)
        with open(f"{self.state}/tokens.csv", "w") as file:
            file.write(f"{self.token},admin,admin,system:masters\n")
        kubeconfig = {
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"https://{ADDRESS}:{PORT}", "insecure-skip-tls-verify": True}}],
            "users": [{"name": "test", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": NAMESPACE}}],
        }  # fmt: skip
        with open(f"{self.state}/kubeconfig", "w") as file:
            json.dump(kubeconfig, file)

    def _bridge(self) -> None:
        """The pods' network, and the address at which they reach the API server and the tests' datastore.

        Pods have no default route, so they reach nothing else: no package index, and no other address of this machine.

        A bridge that is not told its hardware address takes the lowest of its ports', and so another one as pods come and go: those that run
        send to the old one, in vain, until they ask again, up to a minute later.
        """
        subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)
        for command in (
            ["link", "add", BRIDGE, "address", MAC, "type", "bridge"],
            ["addr", "add", f"{ADDRESS}/24", "dev", BRIDGE],
            ["addr", "add", f"{ELSEWHERE}/32", "dev", BRIDGE],
            ["link", "set", BRIDGE, "up"],
        ):
            subprocess.run(["ip", *command], check=True)
        with open("/proc/sys/net/ipv4/ip_forward", "w") as file:
            file.write("1")

    def _images(self) -> None:
        self._until("containerd answers", lambda: os.path.exists(f"{self.state}/run/containerd.sock"))
        for folder in (f"{self.cache}/images", self.argo):
            for name in sorted(os.listdir(folder)):
                if name.endswith(".tar"):
                    self.load(f"{folder}/{name}")

    def load(self, path: str) -> None:
        """Puts an image's archive where the kubelet finds it."""
        command = ["ctr", "-a", f"{self.state}/run/containerd.sock", "-n", "k8s.io", "images", "import", path]
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.lock:
                done = subprocess.run(command, capture_output=True, text=True)
            if not done.returncode:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path}: {done.stderr}")
            time.sleep(0.5)

    def _objects(self) -> None:
        import yaml

        with open(f"{self.state}/certs/apiserver.crt") as file:
            certificate = file.read()
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        for namespace in (NAMESPACE, "default"):
            self.call("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
            self.call(
                "POST",
                f"/api/v1/namespaces/{namespace}/configmaps",
                {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": certificate}},
            )
        # what every pod of Argo's must be allowed (workflow-rbac.md)
        reports = [{"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}]
        of_pods = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:serviceaccounts"}
        roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
        self.call("POST", f"{roles}/roles", {"metadata": {"name": "pods"}, "rules": reports})
        reference = {"kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": "pods"}
        self.call(
            "POST", f"{roles}/rolebindings", {"metadata": {"name": "pods"}, "roleRef": reference, "subjects": [of_pods]}
        )
        executor = (
            "imagePullPolicy: IfNotPresent\nenv:\n"
            f'- {{name: KUBERNETES_SERVICE_HOST, value: "{ADDRESS}"}}\n- {{name: KUBERNETES_SERVICE_PORT, value: "{PORT}"}}\n'  # there is no kube-proxy
            '- {name: GOGC, value: "off"}\n'  # it runs for seconds
        )
        self.call(
            "POST",
            f"/api/v1/namespaces/{NAMESPACE}/configmaps",
            {
                "metadata": {"name": "workflow-controller-configmap"},
                "data": {"executor": executor, "nodeEvents": "enabled: false\n"},
            },
        )
        for name in sorted(os.listdir(f"{self.argo}/crds")):
            with open(f"{self.argo}/crds/{name}") as file:
                definition = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            if definition["spec"]["names"]["kind"] not in APPLIED:
                for version in definition["spec"]["versions"]:
                    version["schema"]["openAPIV3Schema"] = ANYTHING
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{definition['metadata']['name']}?fieldManager=flowc"
            self.call("PATCH", path, definition, "application/apply-patch+yaml")

    def _ready(self) -> bool:
        node = self.call("GET", "/api/v1/nodes/node1")
        if not any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in node["status"].get("conditions", [])
        ):
            return False
        if node["spec"].get("taints"):  # nobody else takes the mark of a new node away: there is no controller manager
            self.call("PATCH", "/api/v1/nodes/node1", {"spec": {"taints": None}}, "application/merge-patch+json")
        # what flows ask for: a pool, and GPUs, which are never touched
        self.call(
            "PATCH", "/api/v1/nodes/node1", {"metadata": {"labels": {"pool": "spot"}}}, "application/merge-patch+json"
        )
        gpus = {"nvidia.com/gpu": "8"}
        self.call(
            "PATCH",
            "/api/v1/nodes/node1/status",
            {"status": {"capacity": gpus, "allocatable": gpus}},
            "application/merge-patch+json",
        )
        return True

    def _until(self, what: str, true: object, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        error: Exception | None = None
        while time.monotonic() < deadline:
            for name, process in list(self.processes.items()):  # another thread may add one
                if process.poll() is not None:
                    raise RuntimeError(f"{name} has ended ({process.returncode}); see logs/{name}.log")
            try:
                if true():  # type: ignore[operator]
                    return
            except (OSError, urllib.error.URLError, KeyError) as one:
                error = one
            time.sleep(0.2)
        raise RuntimeError(f"after {seconds:.0f} s still not: {what} ({error})")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    node = Node(*sys.argv[1:4])
    try:
        node.start()
    except Exception as error:
        print(f"FAILED {type(error).__name__}: {error}", flush=True)
        os._exit(1)
    print(f"READY {node.token}", flush=True)
    for line in sys.stdin:  # ends with the tests, however they end
        command, _, argument = line.strip().partition(" ")
        try:
            {"load": node.load, "restart": node.restart}[command](argument)
            print("DONE", flush=True)
        except Exception as error:
            print(f"FAILED {error}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
