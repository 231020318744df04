"""Airflow as an engine of tests: an installation of its own, and DAG files that are run in it.

The interpreter that has Airflow is named by FLOWC_AIRFLOW_PYTHON (`make test` installs one); without it the tests fail.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

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
