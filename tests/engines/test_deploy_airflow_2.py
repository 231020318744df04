"""`flowc deploy`, `trigger` and the other verbs on a complete Airflow 2, which has an API of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import ROOT
from tests.support.environment import environment
from tests.support.running import flowc, until
from tests.support.s3_server import S3Server

from .deploying import STORE
from .test_deploy_airflow import FLOW, YEARLY

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

RELEASE = "2.11.2"
PARTS = {"webserver": ("webserver", "--workers", "1"), "scheduler": ("scheduler",)}


class Airflow2:
    """A webserver and a scheduler."""

    def __init__(self, python: Path, home: Path, s3: S3Server) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.home, self.s3 = f"http://127.0.0.1:{port}", home, s3
        self.dags = home / "dags"
        self.dags.mkdir()
        self.environment = {
            **environment("AIRFLOW", "FLOWC_"), **s3.environment, "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1", "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
            "AIRFLOW__WEBSERVER__BASE_URL": self.url, "AIRFLOW__WEBSERVER__SECRET_KEY": "of-the-tests",
            # of a webserver on a busy machine, which would give up
            "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "1800", "AIRFLOW__WEBSERVER__WEB_SERVER_WORKER_TIMEOUT": "1800",
            "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
            "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "3", "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3",
            "AIRFLOW__SCHEDULER__PARSING_CLEANUP_INTERVAL": "5", "AIRFLOW__SCHEDULER__DAG_STALE_NOT_SEEN_DURATION": "30",
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1", "AIRFLOW__CORE__MIN_SERIALIZED_DAG_FETCH_INTERVAL": "1",
            "PATH": f"{python.parent}:{os.environ['PATH']}",
        }  # fmt: skip
        self.python = python
        self.processes: list[subprocess.Popen[bytes]] = []
        self.call("db", "migrate")
        self.call(
            "users", "create", "--username", "ada", "--password", "not-a-secret", "--role", "Admin", "--firstname", "A",
            "--lastname", "L", "--email", "ada@example.com",
        )  # fmt: skip
        for name, words in PARTS.items():
            with open(home / f"{name}.log", "ab") as log:
                self.processes.append(
                    subprocess.Popen(
                        [str(python), "-m", "airflow", *words], env=self.environment, stdout=log, stderr=log,
                        start_new_session=True,
                    )
                )  # fmt: skip
        until(self._answers, "the server answers", 600, every=0.5)

    def call(self, *words: str) -> None:
        done = subprocess.run(
            [str(self.python), "-m", "airflow", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]

    def _answers(self) -> bool:
        for process, name in zip(self.processes, PARTS):
            assert process.poll() is None, (self.home / f"{name}.log").read_text(errors="replace")[-4000:]
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/version", timeout=60) as answer:
                return bool(json.loads(answer.read())["version"] == RELEASE)
        except (OSError, urllib.error.URLError):
            return False

    def stop(self) -> None:
        for process in self.processes:  # the scheduler ends its DAG processor, which is in a group of its own
            process.terminate()
        for process in self.processes:
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


@pytest.fixture(scope="module")
def airflow_2(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow2]:
    folder = Path(os.environ.get("FLOWC_AIRFLOW_2") or ROOT / ".venvs" / f"airflow-{RELEASE}")
    subprocess.run(
        [sys.executable, "-m", "tests.engines.airflow_environment", RELEASE, str(folder)], check=True, cwd=ROOT
    )
    started = Airflow2(folder / "bin" / "python", tmp_path_factory.mktemp("airflow2"), s3)
    try:
        yield started
    finally:
        started.stop()


class Project2:
    """A project with one flow, and a context of the server."""

    def __init__(self, folder: Path, server: Airflow2) -> None:
        self.folder, self.server = folder, server
        self.environment = {
            **server.s3.environment, "FLOWC_AIRFLOW_USER": "ada", "FLOWC_AIRFLOW_PASSWORD": "not-a-secret",
        }  # fmt: skip
        (folder / "pyproject.toml").write_text(
            f"""[tool.flowc.contexts.test]
target = "airflow"
store = "{STORE}"
name = "old"
airflow-tasks = "process"
airflow-python = "{sys.executable}"
airflow-url = "{server.url}"
dags = "{server.dags}"
"""
        )

    def flow(self, schedule: str = "", times: int = 1, end: str = "pass") -> None:
        (self.folder / "train.py").write_text(FLOW.format(schedule=schedule, times=times, end=end, doc=""))

    def __call__(
        self, *words: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = flowc(*words, "--on", "test", cwd=self.folder, env={**self.environment, **(env or {})})
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)


def test_every_verb(airflow_2: Airflow2, tmp_path: Path) -> None:
    project = Project2(tmp_path, airflow_2)
    project.flow(YEARLY)
    wrong = project("plan", "train.py", check=False, env={"FLOWC_AIRFLOW_PASSWORD": "wrong"})
    assert wrong.returncode == 1 and "allows ada nothing" in wrong.stderr and "a wrong one" in wrong.stderr, (
        wrong.stderr
    )
    assert "is deployed (deployment 1)" in project("deploy", "train.py", "--yes", "--paused").stdout
    assert "is up to date" in project("deploy", "train.py", "--yes").stdout
    assert "is paused" in project("trigger", "old", check=False).stderr
    assert "is on" in project("unpause", "old").stdout and "nothing to do" in project("unpause", "old").stdout
    done = project("trigger", "old", "--run-id", "v1.one", "--alpha", "0.25", "--rounds", "3", "--wait")
    assert "succeeded" in done.stdout, done.stdout
    run = project.data("status", "old.v1.one")
    assert sorted((task["step"], task["path"], task["state"]) for task in run["tasks"]) == [
        ("end", "-", "succeeded"), ("fit", "0", "succeeded"), ("fit", "1", "succeeded"), ("fit", "2", "succeeded"),
        ("join", "-", "succeeded"), ("start", "-", "succeeded"),
    ]  # fmt: skip
    assert run["run"] == f"old.v1.one@{airflow_2.url.partition('//')[2]}"
    values = flowc("dump", f"{run['run']}/join", "--store", STORE, "--json", env=project.environment)
    assert "0.25" in values.stdout and "0.5" in values.stdout, values.stdout
    assert "alpha is 0.25" in project("logs", "old.v1.one").stdout
    (listed,) = project.data("deployments")
    assert (listed["name"], listed["schedule"], listed["agrees"]) == ("old", "0 3 1 1 *", True)
    project.flow(times=2, end="raise ValueError('no luck')")
    changed = project("deploy", "train.py", "--yes").stdout
    assert re.search(r"tasks\[fit\]\.retries +1 → 2", changed) and "it stops firing" in changed, changed
    failed = project("trigger", "old", "--run-id", "two", "--wait", check=False)
    assert failed.returncode == 1 and "ValueError: no luck" in failed.stdout, failed.stdout
    project("rollback", "old", "--yes")
    project.flow(end="import time; time.sleep(3600)")
    project("deploy", "train.py", "--yes")
    begun = project.data("trigger", "old", "--run-id", "three")["run"]
    until(
        lambda: any(task["step"] == "end" and task["state"] == "running" for task in project.data("status", begun)["tasks"]),
        "the last step runs", 600, every=1,
    )  # fmt: skip
    assert project("delete", "old", "--yes", check=False).returncode == 1
    assert "is being terminated" in project("terminate", begun).stdout
    ended = project("status", begun, "--watch", check=False)
    assert ended.returncode == 1 and "terminated with flowc by ada" in ended.stdout, ended.stdout
    assert "has ended already" in project("terminate", begun).stdout
    assert [one["action"] for one in project.data("history", "old")] == ["deploy", "rollback", "deploy", "deploy"]
    project("delete", "old", "--yes")
    assert not list(airflow_2.dags.glob("*.py")) and project.data("deployments") == []
