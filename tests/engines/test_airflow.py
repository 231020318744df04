"""Emitted DAG files on the real Airflow: it reads them, runs them, and the artifacts are those of a local run.

The interpreter that has Airflow is named by FLOWC_AIRFLOW_PYTHON (`make test` installs one); without it these tests fail.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS, HERE
from tests.running import dump, flowc, run

pytestmark = pytest.mark.engine
RUNNER = Path(__file__).parent / "airflow_run.py"


class Airflow:
    """One installation's home: a database of its own."""

    def __init__(self, python: str, home: Path) -> None:
        self.python, self.home = python, home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "FLOWC_"))},
            "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        }  # fmt: skip

    def call(self, *arguments: str) -> str:
        done = subprocess.run([self.python, *arguments], env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def run(self, dag: Path, conf: dict[str, Any]) -> dict[str, Any]:
        """Runs the DAG file, alone in the folder of DAGs; returns `{"state": …, "run": …, "tasks": {id: [states]}}`."""
        shutil.rmtree(self.home / "dags", ignore_errors=True)
        (self.home / "dags").mkdir()
        shutil.copy(dag, self.home / "dags" / dag.name)
        printed = self.call(str(RUNNER), str(self.home / "dags" / dag.name), "", json.dumps(conf))
        found = re.search(r"^RESULT (.*)$", printed, re.MULTILINE)
        assert found, printed[-3000:]
        result: dict[str, Any] = json.loads(found[1])
        return result


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    python = os.environ.get("FLOWC_AIRFLOW_PYTHON")
    assert python, "FLOWC_AIRFLOW_PYTHON names no interpreter with Airflow: run `make test`, which installs one"
    made = Airflow(python, tmp_path_factory.mktemp("airflow"))
    made.call("-m", "airflow", "db", "migrate")
    yield made


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


CASES: list[tuple[str, dict[str, Any]]] = [
    ("linear", {}), ("branches", {}), ("nested_foreach", {}), ("branches_in_foreach_in_branch", {}), ("switch", {"size": "huge"}), ("switch_in_foreach", {}),
    ("catch_in_foreach", {}), ("decorated", {}),
    ("parameters", {"text": "{{ run_id }} {% x %} '\"$HOME`\\ \n é", "number": -3, "learning-rate": 2.5, "verbose": True, "table": {"a": [None]}, "words": "p,q"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "conf"), CASES, ids=[name for name, _ in CASES])
def test_a_run_leaves_what_a_local_run_leaves(airflow: Airflow, name: str, conf: dict[str, Any], tmp_path: Path) -> None:
    flow, store = FLOWS[name], tmp_path / "store"
    flowc(
        "compile", str(flow), "-t", "airflow", "--airflow-tasks", "process", "--airflow-python", sys.executable, "--store", str(store), "-q", "-o", str(tmp_path / "out"),
        check=True,
    )  # fmt: skip
    (dag,) = (tmp_path / "out").rglob("*_dag.py")
    (code,) = (tmp_path / "out").rglob("*.tar.gz")
    named = re.search(r'"FLOWC_FLOW": "(\w+)"', dag.read_text())
    assert named
    (store / named[1] / "code").mkdir(parents=True)
    shutil.copy(code, store / named[1] / "code" / code.name)
    result = airflow.run(dag, conf)
    assert result["state"] == "success", result
    arguments = [word for key, value in conf.items() for word in (f"--{key}", value if isinstance(value, str) else json.dumps(value))]
    run(flow, tmp_path / "local", *arguments)
    assert dump(store, result["run"], named[1]) == dump(tmp_path / "local", "r", named[1])
