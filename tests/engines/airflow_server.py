"""A complete Airflow 3: its processes on a port of its own, and its REST API."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.running import until
from tests.support.s3_server import S3Server

from .airflow import Airflow
from .deploying import compiled

PARTS = ("api-server", "scheduler", "dag-processor")


class Server:
    """The processes of an Airflow, on a port of its own, and its REST API."""

    def __init__(self, airflow: Airflow, s3: S3Server, folder: Path, settings: dict[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.folder, self.airflow, self.s3 = f"http://127.0.0.1:{port}", folder, airflow, s3
        self.environment = {
            **airflow.environment, **s3.environment, "AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/", "AIRFLOW__API__BASE_URL": self.url, "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port), "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True", "AIRFLOW__CORE__EXECUTOR": "LocalExecutor", "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2", "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            # Airflow notices within seconds that a scheduler and its tasks are gone
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20", "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20", "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",  # of seconds; the server makes that API when it is first asked
            "PATH": f"{os.path.dirname(airflow.python)}:{os.environ['PATH']}",
            **(settings or {}),
        }  # fmt: skip
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = ""
        for part in PARTS:
            self.start(part)
        self.until("the server answers", "/api/v2/version", bool)
        self.until("the API of tasks answers", "/execution/health", bool)
        if "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS" not in self.environment:
            answer = self.until("a token is given", "/auth/token", lambda answer: "access_token" in answer)
            self.token = answer["access_token"]

    def start(self, part: str) -> None:
        with open(self.folder / f"{part}.log", "ab") as log:
            command = [self.airflow.python, "-m", "airflow", part]
            self.processes[part] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, part: str) -> None:
        """Kills a part of the server with everything that it has started."""
        process = self.processes.pop(part)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for part in list(self.processes):
            self.kill(part)

    def log(self) -> str:
        return "\n".join(
            f"── {part}\n" + (self.folder / f"{part}.log").read_text(errors="replace")[-6000:] for part in PARTS
        )

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() > deadline:  # a server that is too busy has done nothing
                    raise
                time.sleep(1)

    def until(self, what: str, path: str, true: Any, seconds: float = 900) -> Any:
        """Asks until the answer is what it should be, and returns it."""
        deadline = time.monotonic() + seconds
        answer: Any = None
        while time.monotonic() < deadline:
            try:
                answer = self.call("GET", path)
                if true(answer):
                    return answer
            except (OSError, urllib.error.URLError) as error:
                answer = error
            for part, process in self.processes.items():
                assert process.poll() is None, f"{part} has ended\n{self.log()}"
            time.sleep(0.5)
        raise AssertionError(f"still not: {what}: {answer}\n{self.log()}")

    def deploy(self, flow: Path, change: Any = None, name: str = "", *options: str) -> str:
        """Puts the flow's DAG file, changed, where the DAG processor finds it, and returns the DAG's id once it is known."""
        named = ("--name", name) if name else ()
        spec = compiled(
            flow, "airflow", self.s3, "--airflow-tasks", "process", "--airflow-python", sys.executable, *named, *options
        )
        text, dag = spec.only("_dag.py"), name or spec.flow
        (self.folder / "unfinished").write_text(change(text) if change else text)
        os.rename(self.folder / "unfinished", self.folder / "dags" / f"{dag}_dag.py")
        self.until(
            "the DAG is known", "/api/v2/dags", lambda answer: any(entry["dag_id"] == dag for entry in answer["dags"])
        )
        return dag

    def id_of(self, dag: str, run: str) -> str:
        """Returns flowc's id of the run."""
        return f"{dag}.{run}@{self.url.rpartition('/')[2]}"

    def clear(self, dag: str, run: str, *tasks: str, **more: object) -> None:
        """Clears tasks, and all that follows them, as a person does."""
        which = (
            {"task_ids": tasks, "include_downstream": True, "only_failed": False} if tasks else {"only_failed": True}
        )
        self.call(
            "POST", f"/api/v2/dags/{dag}/clearTaskInstances", {"dry_run": False, "dag_run_id": run, **which, **more}
        )

    def trigger(self, dag: str, run: str) -> None:
        """Triggers a run and waits until a task of it has begun.

        A busy server on SQLite may answer that it does not know a task that the scheduler has just queued. Airflow fails that
        task without starting it, so the run is deleted and triggered again.
        """
        path = f"/api/v2/dags/{dag}/dagRuns"
        for _ in range(3):
            self.call("POST", path, {"dag_run_id": run, "logical_date": None})
            tasks = self.until("a task has begun", f"{path}/{run}/taskInstances", _has_begun)["task_instances"]
            if any(task["start_date"] for task in tasks):
                return
            self.ended(dag, run)
            self.call("DELETE", f"{path}/{run}")
        raise AssertionError(self.log())

    def forgotten(self, dag: str, run: str, tasks: list[str]) -> None:
        """Deletes the run once the scheduler has heard of the end of each task's process.

        A process outlives the state of its task by seconds. Airflow would take its end for the end of a task of the same
        name in a new run of the same id, and fail a task that is still queued.
        """
        ends = [f"TaskInstanceKey(dag_id='{dag}', task_id='{task}', run_id='{run}'" for task in tasks]
        events = [f"Received executor event .*{re.escape(end)}" for end in ends]

        def heard() -> bool:
            log = (self.folder / "scheduler.log").read_text()
            return all(re.search(event, log) for event in events)

        until(heard, f"the scheduler hears of the ends of {dag}'s processes", 900, every=0.5)
        self.call("DELETE", f"/api/v2/dags/{dag}/dagRuns/{run}")

    def ended(self, dag: str, run: str) -> str:
        """Waits for the run's end, and returns its state."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}"
        return str(
            self.until("the run has ended", path, lambda answer: answer["state"] in ("success", "failed"))["state"]
        )


def _has_begun(answer: Any) -> bool:
    """Returns True if a task has started, or has failed without that."""
    return any(task["start_date"] or task["state"] == "failed" for task in answer["task_instances"])
