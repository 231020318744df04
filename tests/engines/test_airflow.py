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
    for each in HERE.rglob("*_dag.py"):
        shutil.copy(each, folder / each.name)
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
    outcome, found = processes.leaves(write(tmp_path, DEATHS), "process", {})
    assert outcome.succeeded, outcome.detail
    assert value(found, "end", "seen") == SURVIVED


@pytest.mark.parametrize(("code", "tries"), [("202", 1), ("1", 3)])
def test_a_step_that_asks_not_to_be_tried_again(code: str, tries: int, processes: Processes, tmp_path: Path) -> None:
    outcome, _ = processes.leaves(write(tmp_path, FINAL.replace("CODE", code)), "process", {})
    assert not outcome.succeeded and "skipped" not in outcome.detail.partition("\n")[0]
    assert failures(processes.s3, "Final", outcome.run) == [f"start/-.{attempt}.failure.json" for attempt in range(tries)]


def test_no_exit_code_is_taken_for_a_skip(processes: Processes, tmp_path: Path) -> None:
    """BashOperator, as it is by default, skips a task that leaves with 99, and the run is green."""
    outcome, found = processes.leaves(write(tmp_path, ABRUPT), "process", {})
    assert not outcome.succeeded and "end" not in found
    assert "'start': ['failed']" in outcome.detail
