"""Emitted DAG files on the real Airflow: it reads them, runs them, and the artifacts are those of a local run.

The interpreter that has Airflow is named by FLOWC_AIRFLOW_PYTHON (`make test` installs one); without it these tests fail.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS, HERE
from tests.running import dump, flowc

from .airflow import Airflow
from .deploying import Dump, local, without_run
from .packages import wine

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


def as_arguments(conf: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """A run's configuration as the parameters of a local run."""
    return tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in conf.items())


CASES: list[tuple[str, dict[str, Any]]] = [
    ("linear", {}), ("branches", {}), ("nested_foreach", {}), ("branches_in_foreach_in_branch", {}), ("switch", {"size": "huge"}), ("switch_in_foreach", {}),
    ("catch_in_foreach", {}), ("decorated", {}),
    ("parameters", {"text": "{{ run_id }} {% x %} '\"$HOME`\\ \n é", "number": -3, "learning-rate": 2.5, "verbose": True, "table": {"a": [None]}, "words": "p,q"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "conf"), CASES, ids=[name for name, _ in CASES])
def test_a_run_leaves_what_a_local_run_leaves(airflow: Airflow, name: str, conf: dict[str, Any], tmp_path: Path) -> None:
    found, _ = on_workers(airflow, FLOWS[name], sys.executable, conf, tmp_path)
    assert found == local(FLOWS[name], as_arguments(conf))


def test_wine(airflow: Airflow, tmp_path: Path) -> None:
    """The workers' interpreter has what the flow imports, as it would on a worker."""
    packages = wine()
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    found, _ = on_workers(airflow, FLOWS["wine"], str(python), {}, tmp_path, packages)
    expected = local(FLOWS["wine"], (), packages)
    assert without_run(found, "end") == without_run(expected, "end")
    assert found["fold"] == expected["fold"]


def on_workers(
    airflow: Airflow, flow: Path, python: str, conf: dict[str, Any], folder: Path, packages: Path | None = None
) -> tuple[Dump, dict[str, Any]]:
    """Compiles the flow for tasks that are processes of the workers, runs it, and returns what it left, and what Airflow says of it."""
    store, out = folder / "store", folder / "out"
    options = ("--airflow-tasks", "process", "--airflow-python", python, "--store", str(store))
    flowc("compile", str(flow), "-t", "airflow", *options, "-q", "-o", str(out), check=True)
    (dag,) = out.rglob("*_dag.py")
    (code,) = out.rglob("*.tar.gz")
    named = re.search(r'"FLOWC_FLOW": "(\w+)"', dag.read_text())
    assert named
    (store / named[1] / "code").mkdir(parents=True)
    shutil.copy(code, store / named[1] / "code" / code.name)
    result = airflow.run(dag, conf)
    assert result["state"] == "success", result
    return dump(store, result["run"], named[1], {"PYTHONPATH": str(packages)} if packages else None), result
