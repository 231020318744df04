"""A run's owner, its code when it goes on, and tasks that an operator runs again (docs/shim.md, Runs and starts)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ...support.container import Container

FLOW = """
import os
from metaflow import FlowSpec, Parameter, current, step

class F(FlowSpec):
    n = Parameter("n", default=1)

    @step
    def start(self):
        self.seen = ["VERSION"]
        print("start of VERSION, retry", current.retry_count)
        if os.environ.get("BREAK") == "start":
            raise RuntimeError("broken")
        self.next(self.middle)

    @step
    def middle(self):
        self.seen = self.seen + ["VERSION"]
        print("middle of VERSION, retry", current.retry_count)
        if os.environ.get("BREAK") == "middle":
            raise RuntimeError("broken")
        self.next(self.end)

    @step
    def end(self):
        print("END", self.seen)
"""
FIRST, SECOND = FLOW.replace("VERSION", "one"), FLOW.replace("VERSION", "two")
OTHER_GRAPH = (
    FIRST.replace("self.next(self.end)", "self.next(self.more)")
    + "\n    @step\n    def more(self):\n        self.next(self.end)\n"
)


def argo(pod: str, task: str = "", owner: str = "argo:ns/wf:1", attempt: int = 0) -> dict[str, Any]:
    return {"FLOWC_OWNER": owner, "FLOWC_START": pod, "FLOWC_TASK": task, "FLOWC_ATTEMPT": str(attempt)}


def aws(redrives: int, owner: str = "arn:1", attempt: int = 0) -> dict[str, Any]:
    return {
        "FLOWC_OWNER": owner,
        "FLOWC_REQUEST": str(redrives),
        "AWS_BATCH_JOB_ATTEMPT": str(attempt + 1),
        "FLOWC_TARGET": "step-functions",
    }


def airflow(
    start: str, number: int = 0, first: int = 0, clears: int = 0, owner: str = "airflow:h/d/r"
) -> dict[str, Any]:
    return {
        "FLOWC_OWNER": owner, "FLOWC_START": start, "FLOWC_ATTEMPT": str(number), "FLOWC_FIRST_ATTEMPT": str(first), "FLOWC_REQUEST": str(clears),
        "FLOWC_TARGET": "airflow",
    }  # fmt: skip


def deployed(folder: Path, source: str) -> Container:
    """Deploys the flow's source with the datastore that all deployments of these tests share."""
    own = folder / f"deployed-{len(list(folder.iterdir()))}"
    own.mkdir()
    (own / "store").symlink_to(folder / "store", target_is_directory=True)
    return Container(source, own)


@pytest.fixture
def one(tmp_path: Path) -> Container:
    (tmp_path / "store").mkdir()
    return deployed(tmp_path, FIRST)


@pytest.fixture
def two(tmp_path: Path, one: Container) -> Container:
    return deployed(tmp_path, SECOND)


def run_json(flow: Container) -> dict[str, Any]:
    return dict(json.loads((flow.place("start").parent.parent / "run.json").read_text()))


def superseded(flow: Container) -> list[str]:
    folder = flow.folder / "store" / "F" / "superseded" / "r"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json"))


# ── a run belongs to one run of one engine ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["start", "middle"])
def test_a_run_of_another_owner_is_refused_before_its_records_are_looked_at(one: Container, step: str) -> None:
    one.task("start", **argo("a", owner="argo:prod/wf:1"))
    one.task("middle", **argo("b", owner="argo:prod/wf:1"))
    before = one.place(step).read_bytes()
    refused = one.task(step, code=3, **argo("c", owner="argo:test/wf:2"))
    assert (
        "belongs to argo:prod/wf:1" in refused.stderr
        and "argo:test/wf:2" in refused.stderr
        and "--name" in refused.stderr
    )
    assert "Traceback" not in refused.stderr and one.place(step).read_bytes() == before


def test_a_run_of_an_earlier_flowc_has_no_owner_and_goes_on(one: Container) -> None:
    one.task("start")
    assert "owner" not in run_json(one)
    assert "middle of one" in one.task("middle", **argo("a")).stdout


def test_a_spec_of_an_earlier_flowc_goes_on_with_a_run_that_has_an_owner(one: Container) -> None:
    one.task("start", **argo("a"))
    one.task("middle")
    assert one.record("middle")["attempt"] == 0 and "start" not in one.record("middle")


def test_an_execution_whose_name_was_used_months_ago_is_refused(one: Container) -> None:
    one.task("start", **aws(0))
    place = one.place("start").parent.parent / "run.json"
    text = json.loads(place.read_text())
    del text["sum"]
    place.write_text(json.dumps({**text, "started": text["started"] - 100 * 86400}))
    assert "name that was never used" in one.task("start", code=3, **aws(0)).stderr
    one.task("start", **aws(1))  # a redrive is the same execution


# ── a run keeps its code ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("env", [argo("b"), aws(0), airflow("b"), {}], ids=["argo", "aws", "airflow", "earlier"])
def test_a_deployment_does_not_change_a_run_under_way(one: Container, two: Container, env: dict[str, Any]) -> None:
    one.task("start", **({**env, "FLOWC_START": "a"} if env else {}))
    assert "middle of one" in two.task("middle", **env).stdout
    assert two.record("middle")["environment"]["code"] == one.code != two.code
    assert "END ['one', 'one']" in two.task("end", **env).stdout


def test_an_automatic_retry_of_the_first_task_keeps_the_code_too(one: Container, two: Container) -> None:
    one.task("start", code=1, BREAK="start", **airflow("a"))
    assert "start of one, retry 1" in two.task("start", **airflow("b", number=1)).stdout
    assert run_json(two)["code"] == one.code


def test_a_deployment_with_another_graph_is_refused_by_a_run_under_way(one: Container, tmp_path: Path) -> None:
    one.task("start", **airflow("a"))
    other = deployed(tmp_path, OTHER_GRAPH)
    refused = other.task("middle", code=3, **airflow("b"))
    assert one.code in refused.stderr and other.code in refused.stderr and "start a new run" in refused.stderr


def test_code_that_is_in_the_image_cannot_be_exchanged(one: Container, two: Container, tmp_path: Path) -> None:
    one.task("start", **argo("a"))
    assert "this image holds" in two.task("middle", code=3, FLOWC_CODE_DIR=str(two.folder), **argo("b")).stderr


# ── what an operator asks for runs again ────────────────────────────────────────────────────────────────────────────────────────


def test_a_cleared_task_runs_again_with_the_code_that_is_deployed_now(one: Container, two: Container) -> None:
    for step in ("start", "middle", "end"):
        one.task(step, **airflow(f"{step}-1"))
    cleared = two.task("middle", **airflow("middle-2", number=1, first=1, clears=1))
    assert "middle of two, retry 0" in cleared.stdout
    assert two.record("middle")["environment"]["code"] == two.code and two.record("middle")["attempt"] == 1
    assert "END ['one', 'two']" in two.task("end", **airflow("end-2", number=1, first=1, clears=1)).stdout
    assert superseded(two) == ["end/-.0.json", "middle/-.0.json"]
    assert one.place("middle", suffix=".0.log").exists() and one.place("middle", suffix=".1.log").exists()
    assert run_json(two)["code"] == one.code


def test_what_a_request_began_with_is_kept_when_there_is_a_deployment_after_it(
    one: Container, two: Container, tmp_path: Path
) -> None:
    for step in ("start", "middle", "end"):
        one.task(step, **airflow(f"{step}-1"))
    three = deployed(tmp_path, FLOW.replace("VERSION", "three"))
    two.task("middle", **airflow("middle-2", number=1, first=1, clears=1))
    assert "END ['one', 'two']" in three.task("end", **airflow("end-2", number=1, first=1, clears=1)).stdout
    assert three.record("end")["environment"]["code"] == two.code
    assert "middle of three" in three.task("middle", **airflow("middle-3", number=2, first=2, clears=2)).stdout


def test_a_cleared_task_with_another_graph_is_refused(one: Container, tmp_path: Path) -> None:
    for step in ("start", "middle"):
        one.task(step, **airflow(f"{step}-1"))
    before = one.place("middle").read_bytes()
    refused = deployed(tmp_path, OTHER_GRAPH).task("middle", code=3, **airflow("m", number=1, first=1, clears=1))
    assert "start a new run" in refused.stderr and one.place("middle").read_bytes() == before


def test_a_task_that_was_cleared_before_airflow_counted_clears_of_running_runs(one: Container) -> None:
    """Airflow 2 counts clears only after a run has ended, but the task's number of attempts shows one too."""
    one.task("start", **airflow("a"))
    assert "start of one" in one.task("start", **airflow("b", number=1, first=1)).stdout


@pytest.mark.parametrize(
    "source", [SECOND, OTHER_GRAPH, SECOND.replace("default=1", "default=2")], ids=["code", "graph", "parameters"]
)
def test_a_failed_first_task_is_repaired_by_new_code(one: Container, tmp_path: Path, source: str) -> None:
    one.task("start", code=1, BREAK="start", **airflow("a"))
    mended = deployed(tmp_path, source)
    mended.task("start", **airflow("b", number=1, first=1, clears=1))
    assert run_json(mended)["code"] == mended.code and run_json(mended)["parameters"]["n"] == (
        2 if "default=2" in source else 1
    )
    mended.task("middle", **airflow("c", clears=1))
    assert mended.record("middle")["environment"]["code"] == mended.code


def test_a_run_that_is_deleted_and_made_again_begins_anew(one: Container, two: Container) -> None:
    for step in ("start", "middle", "end"):
        one.task(step, **airflow(f"{step}-1"))
    assert "start of two" in two.task("start", **airflow("start-2")).stdout
    assert not two.place("end").exists(), "the other run's records are out of the way"
    assert run_json(two)["code"] == two.code
    two.task("middle", **airflow("middle-2"))
    assert "END ['two', 'two']" in two.task("end", **airflow("end-2")).stdout
    assert [name.partition(".")[0] for name in superseded(two)] == ["end/-", "middle/-", "run", "start/-"]


def test_a_task_that_argo_is_told_to_retry_runs_again(one: Container) -> None:
    one.task("start", **argo("a", "start-pod"))
    one.task("middle", **argo("b", "middle-pod"))
    again = one.task("middle", **argo("c", "middle-pod"))
    assert "middle of one, retry 0" in again.stdout
    assert one.record("middle")["attempt"] == 1 and superseded(one) == ["middle/-.0.json"]
    assert one.place("middle", suffix=".0.log").exists() and one.place("middle", suffix=".1.log").exists()


def test_a_failed_task_that_argo_is_told_to_retry_keeps_its_first_failure(one: Container) -> None:
    one.task("start", **argo("a"))
    one.task("middle", code=1, BREAK="middle", **argo("b"))
    first = one.place("middle", suffix=".0.failure.json").read_bytes()
    one.task("middle", code=1, BREAK="middle", **argo("c", attempt=1))
    assert "middle of one, retry 0" in one.task("middle", **argo("d")).stdout
    assert one.record("middle")["attempt"] == 2 and one.place("middle", suffix=".0.failure.json").read_bytes() == first


def test_a_redriven_task_runs_again_and_its_first_log_stays(one: Container) -> None:
    one.task("start", **aws(0))
    one.task("middle", code=1, BREAK="middle", **aws(0))
    assert "middle of one, retry 0" in one.task("middle", **aws(1)).stdout
    assert one.record("middle")["attempt"] == 1
    assert "broken" in one.place("middle", suffix=".0.log").read_text()


# ── what nobody asked for does not ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (argo("a"), argo("b", attempt=1)), (argo("a"), argo("a")), (argo("a", "start"), argo("b", "start-too")), (aws(0), aws(0)), (aws(1), aws(0)),
        (aws(0), aws(0, attempt=1)), (airflow("a"), airflow("b", number=1)), (airflow("a", clears=1), airflow("b", number=1, clears=1)),
        (airflow("a"), airflow("b", number=1, first=2)), ({}, {}), ({}, argo("b")),
    ],
    ids=["retry", "same pod", "other task", "twice", "late", "attempt", "lost", "lost later", "retries fewer", "earlier", "upgraded"],
)  # fmt: skip
def test_a_duplicate_start_reports_and_says_so(one: Container, before: dict[str, Any], after: dict[str, Any]) -> None:
    one.task("start", **before)
    record = one.place("start").read_bytes()
    again = one.task("start", **after)
    assert "nothing was run" in again.stderr and "start of one" not in again.stdout
    assert one.place("start").read_bytes() == record and superseded(one) == []


def test_a_process_that_is_killed_between_the_copy_and_the_deletion_loses_nothing(one: Container) -> None:
    one.task("start", **aws(0))
    copy = one.folder / "store" / "F" / "superseded" / "r" / "start" / "-.0.json"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(one.place("start").read_bytes())
    assert "start of one" in one.task("start", **aws(1)).stdout
    assert one.record("start")["start"] == {"request": 1}


def test_a_wrong_request_is_a_wrong_call(one: Container) -> None:
    assert "FLOWC_REQUEST must be a whole number" in one.task("start", code=2, FLOWC_REQUEST="x").stderr
