"""Runs on a complete Airflow: tasks fail, meet, and lose their scheduler."""

from __future__ import annotations

import json
import os
import re
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
from tests.support.running import until
from tests.support.s3_server import S3Server

from . import browser
from .airflow import Airflow
from .deploying import compiled, left, local, without_run
from .faults import (
    FORM,
    GATED,
    LONG,
    TWICE,
    WIDE,
    check_failed,
    check_finished,
    check_twice,
    gate,
    objects,
    value,
    versions,
    write,
)

pytestmark = pytest.mark.engine
PARTS = ("api-server", "scheduler", "dag-processor")


class Server:
    """The processes of an Airflow, on a port of its own, and its REST API."""

    def __init__(self, airflow: Airflow, s3: S3Server, folder: Path) -> None:
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
        }  # fmt: skip
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = ""
        for part in PARTS:
            self.start(part)
        self.until("the server answers", "/api/v2/version", bool)
        self.until("the API of tasks answers", "/execution/health", bool)
        self.token = self.until("a token is given", "/auth/token", lambda answer: "access_token" in answer)[
            "access_token"
        ]

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


@pytest.fixture(scope="module")
def server(airflow: Airflow, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("server")
    (home / "dags").mkdir()
    shutil.copy(airflow.home / "airflow.db", home / "airflow.db")
    started = Server(airflow, s3, home)
    try:
        yield started
    finally:
        started.stop()


def test_a_flow_on_a_whole_airflow(server: Server, shared: Path) -> None:
    flow = FLOWS["switch_in_foreach"]
    dag = server.deploy(flow)
    server.trigger(dag, "whole")
    assert server.ended(dag, "whole") == "success", server.log()
    assert (
        without_run(left(server.s3, server.id_of(dag, "whole"), dag), server.id_of(dag, "whole"))
        == local(shared, flow)[1]
    )


def test_a_run_is_started_with_an_empty_text_in_a_browser(server: Server, tmp_path: Path) -> None:
    """Uses Airflow's form in a real browser, which shows the fault of a type that does not allow null."""
    script = Path(__file__).with_name("airflow_form.py")
    dag = server.deploy(write(tmp_path, FORM))
    run = browser.run(script, server.url, dag, "word", "enabled")
    assert server.ended(dag, run) == "success", server.log()
    assert value(left(server.s3, server.id_of(dag, run), dag), "end", "seen") == "('', 'as it is')"
    other = server.deploy(
        write(tmp_path, FORM.replace("Form", "StrictForm")), lambda text: text.replace('["null", "string"]', '"string"')
    )
    assert browser.run(script, server.url, other, "word", "disabled") is None


def test_a_run_that_fails_is_finished_when_its_failed_tasks_are_cleared(server: Server, tmp_path: Path) -> None:
    gate(server.s3, False)
    dag = server.deploy(write(tmp_path, GATED))
    server.trigger(dag, "gated")
    assert server.ended(dag, "gated") == "failed", server.log()
    before = left(server.s3, server.id_of(dag, "gated"), dag)
    check_failed(before)
    gate(server.s3, True)
    server.clear(dag, "gated")
    assert server.ended(dag, "gated") == "success", server.log()
    check_finished(before, left(server.s3, server.id_of(dag, "gated"), dag))


def seen(server: Server, dag: str, run: str) -> str:
    """Returns the version of each step in a run of `versions`."""
    return value(left(server.s3, server.id_of(dag, run), "Versions"), "end", "seen")


def test_two_deployments_of_one_scheduled_flow_share_a_datastore(server: Server, tmp_path: Path) -> None:
    """Their runs of one night have one id in Airflow, and each its own code and results."""
    gate(server.s3, True)
    dags = [
        server.deploy(write(tmp_path, versions(version, scheduled=True)), name=f"nightly_{version}")
        for version in ("one", "two")
    ]
    runs = [
        server.until("a scheduled run", f"/api/v2/dags/{dag}/dagRuns", lambda answer: answer["total_entries"])[
            "dag_runs"
        ][0]["dag_run_id"]
        for dag in dags
    ]
    assert runs[0] == runs[1] and runs[0].startswith("scheduled__")
    for dag, version in zip(dags, ("one", "two")):
        assert server.ended(dag, runs[0]) == "success", server.log()
        assert seen(server, dag, runs[0]) == repr([version] * 3)
    # a backfill that reprocesses the run computes it again, and leaves that of the other DAG alone
    server.deploy(write(tmp_path, versions("three", scheduled=True)), name=dags[0])
    day = runs[0].partition("__")[2]
    asked = {
        "dag_id": dags[0],
        "from_date": day,
        "to_date": day,
        "reprocess_behavior": "completed",
        "run_on_latest_version": True,
    }
    server.call("POST", "/api/v2/backfills", asked)
    server.until(
        "it was processed again",
        f"/api/v2/dags/{dags[0]}/dagRuns/{runs[0]}/taskInstances/end",
        lambda answer: answer["try_number"] > 1,
    )
    assert server.ended(dags[0], runs[0]) == "success", server.log()
    assert (
        seen(server, dags[0], runs[0]) == "['three', 'three', 'three']"
        and seen(server, dags[1], runs[0]) == "['two', 'two', 'two']"
    )


def test_a_deployment_in_the_middle_of_a_run_does_not_change_it(server: Server, tmp_path: Path) -> None:
    gate(server.s3, False)
    dag = server.deploy(write(tmp_path, versions("one", waits=True)), name="midway")
    server.trigger(dag, "r")
    server.until(
        "the task runs",
        f"/api/v2/dags/{dag}/dagRuns/r/taskInstances/gated",
        lambda answer: answer["state"] == "running",
    )
    server.deploy(write(tmp_path, versions("two", waits=True)), name=dag)
    gate(server.s3, True)
    assert server.ended(dag, "r") == "success", server.log()
    assert seen(server, dag, "r") == "['one', 'one', 'one']"
    # a cleared task runs again even if it had succeeded, with the newly deployed code
    server.clear(dag, "r", "gated")
    assert server.ended(dag, "r") == "success", server.log()
    assert seen(server, dag, "r") == "['one', 'two', 'two']"


def test_a_first_task_that_failed_is_repaired_by_new_code(server: Server, tmp_path: Path) -> None:
    gate(server.s3, True)
    dag = server.deploy(write(tmp_path, versions("broken")), name="repaired")
    server.trigger(dag, "r")
    assert server.ended(dag, "r") == "failed", server.log()
    server.deploy(write(tmp_path, versions("mended")), name=dag)
    server.clear(dag, "r")
    assert server.ended(dag, "r") == "success", server.log()
    assert seen(server, dag, "r") == "['mended', 'mended', 'mended']"


@pytest.mark.nightly
def test_a_container_of_several_tasks_that_is_cleared(server: Server, tmp_path: Path) -> None:
    """One that has failed runs the tasks that are missing; one that has succeeded runs all of them again."""
    gate(server.s3, False, "shared")
    dag = server.deploy(write(tmp_path, versions("one", gate="shared")), None, "shared", "--optimize")
    server.trigger(dag, "r")
    assert server.ended(dag, "r") == "failed", server.log()
    before = left(server.s3, server.id_of(dag, "r"), "Versions")
    assert list(before) == ["start"]
    gate(server.s3, True, "shared")
    server.clear(dag, "r")
    assert server.ended(dag, "r") == "success", server.log()
    after = left(server.s3, server.id_of(dag, "r"), "Versions")
    assert after["start"] == before["start"] and value(after, "end", "seen") == "['one', 'one', 'one']"
    server.deploy(write(tmp_path, versions("two", gate="shared")), None, dag, "--optimize")
    server.clear(dag, "r", "start")
    assert server.ended(dag, "r") == "success", server.log()
    assert seen(server, dag, "r") == "['two', 'two', 'two']"
    tasks = server.call("GET", f"/api/v2/dags/{dag}/dagRuns/r/taskInstances")["task_instances"]
    assert [(task["task_id"], task["try_number"]) for task in tasks] == [("start", 3)]


@pytest.mark.nightly
def test_a_process_of_several_tasks_that_is_killed_with_its_scheduler(server: Server, tmp_path: Path) -> None:
    dag = server.deploy(write(tmp_path, LONG), None, "long_shared", "--optimize")
    server.trigger(dag, "r")
    run = server.id_of(dag, "r")
    until(lambda: "start/-.json" in objects(server.s3, "Long", run), "a record", 600, every=0.5)
    before = left(server.s3, run, "Long")
    assert "middle" not in before
    server.kill("scheduler")
    server.start("scheduler")
    assert server.ended(dag, "r") == "success", server.log()
    after = left(server.s3, run, "Long")
    assert after["start"] == before["start"] and value(after, "middle", "done") == "True" and "end" in after


def test_a_run_that_is_deleted_and_triggered_again_begins_anew(server: Server, tmp_path: Path) -> None:
    gate(server.s3, True)
    dag = server.deploy(write(tmp_path, versions("one")), name="recreated")
    server.trigger(dag, "r")
    assert server.ended(dag, "r") == "success", server.log()
    server.deploy(write(tmp_path, versions("two")), name=dag)
    server.forgotten(dag, "r", ["start", "gated", "end"])
    server.trigger(dag, "r")
    assert server.ended(dag, "r") == "success", server.log()
    assert seen(server, dag, "r") == "['two', 'two', 'two']"


def test_installations_of_one_address_that_have_names_share_a_datastore(server: Server, tmp_path: Path) -> None:
    """One DAG and one run id in both, and each has its own code and results."""
    gate(server.s3, True)
    for version in ("one", "two"):
        dag = server.deploy(
            write(tmp_path, versions(version)), None, "installed", "--airflow-installation", f"team-{version}"
        )
        server.trigger(dag, "r")
        assert server.ended(dag, "r") == "success", server.log()
        if version == "one":  # the other installation has never heard of the run
            server.forgotten(dag, "r", ["start", "gated", "end"])
    for version in ("one", "two"):
        assert value(left(server.s3, f"installed.r@team-{version}", "Versions"), "end", "seen") == repr([version] * 3)


def test_one_task_started_twice_at_once(server: Server, tmp_path: Path) -> None:
    def twice(text: str) -> str:
        (start,) = re.findall(r"^    start_task = .*?^    \)\n", text, re.MULTILINE | re.DOTALL)
        return text.replace(
            start, start.replace("start_task", "too_task").replace('task_id="start"', 'task_id="too"') + start
        )

    dag = server.deploy(write(tmp_path, TWICE), twice)
    server.trigger(dag, "twice")
    assert server.ended(dag, "twice") == "success", server.log()
    check_twice(left(server.s3, server.id_of(dag, "twice"), dag))


def test_a_foreach_wider_than_airflow_maps_goes_on_when_the_setting_is_raised(server: Server, tmp_path: Path) -> None:
    """Nothing but the list of paths fails, its message names the setting, and no task is run again."""

    def scheduler(limit: str) -> None:
        server.kill("scheduler")
        server.environment["AIRFLOW__CORE__MAX_MAP_LENGTH"] = limit
        server.start("scheduler")

    scheduler("2")
    dag = server.deploy(write(tmp_path, WIDE))
    server.trigger(dag, "wide")
    assert server.ended(dag, "wide") == "failed", server.log()
    task = f"/api/v2/dags/{dag}/dagRuns/wide/taskInstances/start.paths"
    log = json.dumps(server.call("GET", f"{task}/logs/1?full_content=true"))
    assert "this foreach has 3 tasks, but Airflow maps a task over at most 2: raise [core] max_map_length" in log
    assert server.call("GET", task)["try_number"] == 1
    before = left(server.s3, server.id_of(dag, "wide"), dag)
    scheduler("1024")
    server.clear(dag, "wide")
    assert server.ended(dag, "wide") == "success", server.log()
    after = left(server.s3, server.id_of(dag, "wide"), dag)
    assert after["start"] == before["start"] and value(after, "join", "count") == "3"


def test_a_scheduler_that_is_killed_with_its_tasks(server: Server, tmp_path: Path) -> None:
    dag = server.deploy(write(tmp_path, LONG))
    server.trigger(dag, "long")
    server.until(
        "the task runs", f"/api/v2/dags/{dag}/dagRuns/long/taskInstances/middle", lambda answer: answer["state"] == "running",
    )  # fmt: skip
    before = left(server.s3, server.id_of(dag, "long"), dag)
    server.kill("scheduler")
    server.start("scheduler")
    assert server.ended(dag, "long") == "success", server.log()
    after = left(server.s3, server.id_of(dag, "long"), dag)
    assert after["start"] == before["start"] and value(after, "middle", "done") == "True" and "end" in after
