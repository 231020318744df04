"""A whole Kubernetes node with the real Argo controller, without a container engine: started for the tests, gone with them."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from . import build as recipe
from .supervisor import ADDRESS, BRIDGE, ELSEWHERE, NAMESPACE, PORT

__all__ = ["ADDRESS", "ELSEWHERE", "NAMESPACE", "ApiError", "Node"]
SUPERVISOR = Path(__file__).parent / "supervisor.py"


class ApiError(Exception):
    """An answer of the API server other than success; `code` is its HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class Node:
    """Use as a context. Needs to be root on Linux."""

    def __init__(self) -> None:
        self.here = threading.local()  # each thread's connection: a new one costs the server more than most requests
        self.connections: list[http.client.HTTPSConnection] = []

    def __enter__(self) -> Node:
        self.cache = recipe.build()
        self.argo = recipe.argo_cache() / "argo"
        self.lock = open(self.cache / "lock", "w")  # a machine has one node at a time; held until it is stopped
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("engines: waiting for another node to stop", file=sys.stderr, flush=True)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        for path in Path("/var/tmp").glob("flowc-node-*"):  # of a node that was killed
            shutil.rmtree(path, ignore_errors=True)
        self.state = Path(tempfile.mkdtemp(prefix="flowc-node-", dir="/var/tmp"))
        command = [
            "unshare",
            "--pid",
            "--mount",
            "--fork",
            "--kill-child",
            "--mount-proc",
            sys.executable,
            str(SUPERVISOR),
            str(self.state),
            str(self.cache),
            str(self.argo),
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = self._answer()
        if not answer.startswith("READY "):
            text = self.logs()
            self.__exit__()
            raise RuntimeError(f"the node did not start: {answer}\n{text}")
        self.token = answer.split()[1]
        self.kubeconfig = self.state / "kubeconfig"
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self.connections:
            connection.close()
        try:
            self.process.communicate(timeout=20)  # closes its input: it ends
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)
        shutil.rmtree(self.state, ignore_errors=True)
        self.lock.close()

    def load(self, archive: Path) -> None:
        """Puts an image where pods find it."""
        self._ask(f"load {archive}")

    def restart(self, name: str) -> None:
        """Kills a process of the node, such as `workflow-controller`, and starts it again."""
        self._ask(f"restart {name}")

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """Sends a request to the API server; returns its answer as data. Raises ApiError and OSError."""
        # YAML, which apply speaks, has no surrogates as escapes
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content, "Accept": accept}
        # one that was kept may have been closed by now
        for connection in (getattr(self.here, "connection", None), None):
            if connection is None:
                connection = http.client.HTTPSConnection(
                    ADDRESS, PORT, timeout=60, context=ssl._create_unverified_context()
                )
                self.here.connection = connection
                self.connections.append(connection)
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                failure = OSError(f"{method} {path}: {error}")
        else:
            raise failure
        if answer.status >= 400:
            raise ApiError(answer.status, text.decode("utf-8", "replace"))
        is_data = "json" in (answer.getheader("Content-Type") or "")  # a log may have lines of JSON
        return json.loads(text) if is_data else text.decode("utf-8", "replace")

    def apply(self, thing: dict[str, Any]) -> Any:
        """Creates or changes an object, with the API server's strict validation of every field. Raises ApiError."""
        group = thing["apiVersion"]
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        plural = thing["kind"].lower() + "s"
        namespace = thing["metadata"].get("namespace", NAMESPACE)
        path = f"{root}/namespaces/{namespace}/{plural}/{thing['metadata']['name']}?fieldManager=flowc&force=true&fieldValidation=Strict"
        return self.call("PATCH", path, thing, "application/apply-patch+yaml")

    def pods(self, selector: str) -> list[Any]:
        pods = self.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}")
        return list(pods["items"])

    def pod_log(self, pod: str, container: str = "main") -> str:
        try:
            return str(self.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/log?container={container}"))
        except ApiError as error:
            return f"({error})"

    def logs(self, lines: int = 15) -> str:
        """The ends of what the node's processes wrote."""
        parts = []
        for path in sorted((self.state / "logs").glob("*.log")):
            text = path.read_text(errors="replace").splitlines()[-lines:]
            parts.append(f"── {path.name}\n" + "\n".join(line[:300] for line in text))
        return "\n".join(parts)

    def _ask(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if answer != "DONE":
            raise RuntimeError(answer)

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip() or "it has ended"


def main() -> None:
    """Starts a node, to try things by hand, until Enter is pressed."""
    began = time.monotonic()
    with Node() as node:
        print(
            f"ready in {time.monotonic() - began:.0f} s: export KUBECONFIG={node.kubeconfig}; Enter stops it",
            flush=True,
        )
        sys.stdin.readline()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
