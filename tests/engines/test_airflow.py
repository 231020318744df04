"""Emitted DAG files on the real Airflow: faults of tasks, and that it reads every file that is kept for review."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.golden.regenerate import HERE

from .airflow import Airflow
from .airflow_tasks import Processes
from .faults import ABRUPT, DEATHS, FINAL, SURVIVED, failures, value, write

pytestmark = pytest.mark.engine


def test_airflow_reads_every_dag(airflow: Airflow) -> None:
    folder = airflow.home / "golden"
    folder.mkdir()
    for path in HERE.rglob("*_dag.py"):
        shutil.copy(path, folder / path.name)
    script = (
        "import json, sys\n"
        "try:\n    from airflow.dag_processing.dagbag import DagBag\nexcept ImportError:  # of before 3.2\n    from airflow.models.dagbag import DagBag\n"
        f"bag = DagBag({str(folder)!r})\n"
        "print('\\nBAG ' + json.dumps([sorted(bag.dags), {str(name): str(error) for name, error in bag.import_errors.items()}]))"
    )
    dags, errors = json.loads(airflow.call("-c", script).rpartition("BAG ")[2])
    assert not errors
    assert len(dags) == len(list(folder.glob("*.py"))) > 8


def test_retries_deaths_and_timeouts(processes: Processes, tmp_path: Path) -> None:
    outcome, dump = processes.leaves(write(tmp_path, DEATHS), "process", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == SURVIVED


@pytest.mark.parametrize(("code", "tries"), [("202", 1), ("1", 3)])
def test_a_step_that_asks_not_to_be_tried_again(code: str, tries: int, processes: Processes, tmp_path: Path) -> None:
    outcome, _ = processes.leaves(write(tmp_path, FINAL.replace("CODE", code)), "process", {})
    assert not outcome.succeeded and "skipped" not in outcome.detail.partition("\n")[0]
    assert failures(processes.s3, "Final", outcome.run) == [
        f"start/-.{attempt}.failure.json" for attempt in range(tries)
    ]


ENDS = """
import http.server, json, os, sys, tempfile, threading
sys.path.insert(0, FOLDER)

metadata = {"name": "ends", "namespace": "default", "labels": {}, "annotations": {}}
POD = json.dumps({"metadata": metadata, "spec": {"containers": []}, "status": {"phase": "Failed"}}).encode()

class Cluster(http.server.BaseHTTPRequestHandler):
    # takes what the operator does to the pod afterwards: a label, and the deletion
    log_message = lambda *_: None
    def do_PATCH(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(POD)))
        self.end_headers()
        self.wfile.write(POD)
    do_DELETE = do_GET = do_PATCH

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
threading.Thread(target=server.serve_forever, daemon=True).start()
cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
contexts = [{"name": "c", "context": {"cluster": "c", "user": "u"}}]
config = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": contexts, "current-context": "c", "users": [{"name": "u", "user": {}}]}
with tempfile.NamedTemporaryFile("w", delete=False) as file:
    json.dump(config, file)
os.environ["AIRFLOW_CONN_KUBERNETES_DEFAULT"] = json.dumps(
    {"conn_type": "kubernetes", "extra": {"kube_config_path": file.name, "in_cluster": False}}
)
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"

from kubernetes.client import models as k8s
from Decorated_dag import StepOperator

said = {}
for code in (202, 1, 99, 0):
    operator = StepOperator(task_id=f"ends_{code}", name="ends", namespace="default", image="i", cmds=["c"], skip_on_exit_code=202)
    ended = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=code))
    status = k8s.V1ContainerStatus(name="base", image="i", image_id="i", ready=False, restart_count=0, state=ended)
    pod = k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(**metadata), spec=k8s.V1PodSpec(containers=[]),
        status=k8s.V1PodStatus(phase="Failed" if code else "Succeeded", container_statuses=[status]),
    )
    try:
        operator.cleanup(pod, pod)
        said[code] = ""
    except Exception as error:
        said[code] = type(error).__name__
print("\\nSAID " + json.dumps(said))
"""


def test_how_the_end_of_a_pod_is_taken(airflow: Airflow) -> None:
    """The operator of the DAG file decides, on each release of Airflow.

    On the newest, test_airflow_pods.py does the same with pods.
    """
    printed = airflow.call("-c", ENDS.replace("FOLDER", repr(str(HERE / "decorated"))))
    ends = {"202": "AirflowFailException", "1": "AirflowException", "99": "AirflowException", "0": ""}
    assert json.loads(printed.rpartition("SAID ")[2]) == ends


def test_no_exit_code_is_taken_for_a_skip(processes: Processes, tmp_path: Path) -> None:
    """BashOperator, as it is by default, skips a task that leaves with 99, and the run is green."""
    outcome, dump = processes.leaves(write(tmp_path, ABRUPT), "process", {})
    assert not outcome.succeeded and "end" not in dump
    assert "'start': ['failed']" in outcome.detail
