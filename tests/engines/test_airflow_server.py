"""Runs on a complete Airflow: tasks fail, meet, and lose their scheduler."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS
from tests.support.running import until
from tests.support.s3_server import S3Server

from . import browser
from .airflow import Airflow
from .airflow_server import Server
from .deploying import left, local, without_run
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
