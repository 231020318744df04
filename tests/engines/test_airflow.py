"""Emitted DAG files on the real Airflow: faults of tasks, and that it reads every file that is kept for review."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.golden.regenerate import HERE

from .airflow import Airflow

pytestmark = pytest.mark.engine


def test_airflow_reads_every_dag(airflow: Airflow) -> None:
    folder = airflow.home / "golden"
    folder.mkdir()
    for each in HERE.rglob("*_dag.py"):
        shutil.copy(each, folder / each.name)
    script = (
        "import json, sys\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"bag = DagBag({str(folder)!r})\n"
        "print('\\nBAG ' + json.dumps([sorted(bag.dags), {str(name): str(error) for name, error in bag.import_errors.items()}]))"
    )
    dags, errors = json.loads(airflow.call("-c", script).rpartition("BAG ")[2])
    assert not errors
    assert len(dags) == len(list(folder.glob("*.py"))) > 8
