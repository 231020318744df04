from __future__ import annotations

from typing import Any

import pytest
from flowc.targets.airflow import dag_runs
from flowc.targets.airflow.dag_file import DagFile
from flowc.targets.operating import FAILED, PENDING, RUNNING, SUCCEEDED, SUSPENDED, TERMINATED, TIMED_OUT

RUN = "train.nightly.1@airflow.example.com/team"


@pytest.mark.parametrize(
    "fields",
    [
        {"env": {"FLOWC_STORE": "s3://x", "FLOWC_RUN": RUN, "FLOWC_CODE": "sha256:1"}},
        {"env": str({"FLOWC_RUN": RUN, "FLOWC_CODE": "sha256:1"})},
        {"env_vars": [{"name": "FLOWC_FLOW", "value": "F"}, {"name": "FLOWC_RUN", "value": RUN, "value_from": None}]},
        {"env_vars": str([{"name": "FLOWC_RUN", "value": RUN, "value_from": None}])},
    ],
)
def test_a_task_tells_the_address_of_its_installation(fields: dict[str, Any]) -> None:
    """Whatever form the server gives the rendered fields."""
    assert dag_runs._told({"rendered_fields": fields}) == "airflow.example.com/team"


@pytest.mark.parametrize("fields", [None, {}, {"env": None}, {"env": {"FLOWC_FLOW": "F"}}, {"env": "a@b"}])
def test_other_tasks_tell_nothing(fields: Any) -> None:
    assert dag_runs._told({"rendered_fields": fields}) == ""


@pytest.mark.parametrize(
    ("run", "is_paused", "state"),
    [
        ({"state": "queued"}, False, PENDING),
        ({"state": "running"}, False, RUNNING),
        ({"state": "queued"}, True, SUSPENDED),
        ({"state": "running"}, True, SUSPENDED),
        ({"state": "success"}, True, SUCCEEDED),
        ({"state": "failed"}, False, FAILED),
        ({"state": "failed", "note": "Started with flowc by ada"}, False, FAILED),
        ({"state": "failed", "note": "Terminated with flowc by ada\nStarted with flowc by bob"}, False, TERMINATED),
        (
            {"state": "failed", "start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-01T00:01:00Z"},
            False,
            TIMED_OUT,
        ),
        ({"state": "failed", "start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:59Z"}, False, FAILED),
    ],
)
def test_states(run: dict[str, Any], is_paused: bool, state: str) -> None:
    assert dag_runs._state({"is_paused": is_paused}, run, DagFile("train", timeout=60.0))[0] == state


def test_parameters_have_the_types_that_the_dag_declares() -> None:
    file = DagFile("train", texts=("word",))
    given = (("word", "7"), ("alpha", "0.5"), ("table", '{"a": [1]}'), ("day", "2026-01-01"), ("on", "true"))
    expected = {"word": "7", "alpha": 0.5, "table": {"a": [1]}, "day": "2026-01-01", "on": True}
    assert dag_runs._conf(given, file) == expected


def test_a_log_of_airflow_2_is_text_again() -> None:
    assert dag_runs._of_airflow_2("[('host', 'one\\ntwo'), ('', 'three')]") == "one\ntwo\nthree"
    assert dag_runs._of_airflow_2("no list") == "no list"
