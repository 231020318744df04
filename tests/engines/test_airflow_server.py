"""A DAG file on a complete Airflow: scheduler, DAG processor, API server and executor, started as `airflow standalone` starts them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS
from tests.running import dump, flowc

from .airflow import Airflow
from .deploying import local

pytestmark = pytest.mark.engine


class Server:
    """`airflow standalone` on a port of its own, and its REST API."""

    def __init__(self, airflow: Airflow, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "standalone.log"
        environment = {
            **airflow.environment, "AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"), "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/", "AIRFLOW__API__BASE_URL": self.url, "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True", "AIRFLOW__CORE__EXECUTOR": "LocalExecutor", "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2", "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "PATH": f"{os.path.dirname(airflow.python)}:{os.environ['PATH']}",
        }  # fmt: skip
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [airflow.python, "-m", "airflow", "standalone"], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.token = ""

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def until(self, what: str, path: str, true: Any, seconds: float = 180) -> Any:
        """Asks until the answer is what it should be, and returns it."""
        deadline = time.monotonic() + seconds
        found: Any = None
        while time.monotonic() < deadline:
            try:
                found = self.call("GET", path)
                if true(found):
                    return found
            except (OSError, urllib.error.URLError) as error:
                found = error
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
            time.sleep(0.5)
        raise AssertionError(f"still not: {what}: {found}\n{self.log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(15)
                break
            except subprocess.TimeoutExpired:
                continue


@pytest.fixture
def server(airflow: Airflow, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "home" / "dags").mkdir(parents=True)
    shutil.copy(airflow.home / "airflow.db", tmp_path / "home" / "airflow.db")
    made = Server(airflow, tmp_path / "home")
    try:
        yield made
    finally:
        made.stop()


def test_a_flow_on_a_whole_airflow(server: Server, tmp_path: Path) -> None:
    flow, store = FLOWS["switch_in_foreach"], tmp_path / "store"
    options = ("--airflow-tasks", "process", "--airflow-python", sys.executable)
    flowc("compile", str(flow), "-t", "airflow", *options, "--store", str(store), "-q", "-o", str(tmp_path / "out"), check=True)
    (package,) = (tmp_path / "out" / "code").iterdir()
    (store / "SwitchInForeach" / "code").mkdir(parents=True)
    shutil.copy(package, store / "SwitchInForeach" / "code")
    (dag,) = (tmp_path / "out").rglob("*_dag.py")
    shutil.copy(dag, tmp_path / "home" / "dags")
    server.until("the server answers", "/api/v2/version", bool)
    server.token = server.until("a token is given", "/auth/token", lambda found: "access_token" in found)["access_token"]
    server.until("the DAG is known", "/api/v2/dags", lambda found: any(each["dag_id"] == "SwitchInForeach" for each in found["dags"]))
    server.call("POST", "/api/v2/dags/SwitchInForeach/dagRuns", {"dag_run_id": "r", "logical_date": None})
    ended = server.until("the run has ended", "/api/v2/dags/SwitchInForeach/dagRuns/r", lambda found: found["state"] in ("success", "failed"))
    assert ended["state"] == "success", server.log.read_text(errors="replace")[-3000:]
    assert dump(store, "r", "SwitchInForeach") == local(flow)[1]
