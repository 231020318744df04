"""Airflow as an engine of tests: an installation of its own, and DAG files that are run in it.

The interpreter that has Airflow is named by FLOWC_AIRFLOW_PYTHON (`make test` installs one); without it the tests fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.support.environment import environment
from tests.support.garbage import SOURCE

RUNNER = Path(__file__).parent / "airflow_run.py"


class Airflow:
    """One installation. Use as a context; `home` has the database that every run starts from."""

    def __init__(self, python: str, home: Path) -> None:
        self.python, self.home = python, home
        self.lock = threading.Lock()
        self.environment = {
            **environment("AIRFLOW", "FLOWC_"),
            "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "PYTHONPATH": str(home / "customized"), "AIRFLOW__API_AUTH__JWT_SECRET": "of-the-tests " * 6,
        }  # fmt: skip

    def __enter__(self) -> Airflow:
        (self.home / "customized").mkdir()
        (self.home / "customized" / "sitecustomize.py").write_text(SOURCE)  # read by each Python of a server
        self._migrate()
        self.log = open(self.home / "runner.log", "ab")
        self.runner = subprocess.Popen(
            [self.python, str(RUNNER)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.runner.stdout is not None
        answer = self.runner.stdout.readline()
        while answer and answer != "READY\n":  # Airflow prints what it likes when it is imported
            answer = self.runner.stdout.readline()
        assert answer, (self.home / "runner.log").read_text(errors="replace")[-3000:]
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.kill()
        self.runner.communicate()
        self.log.close()

    def _migrate(self) -> None:
        """Puts an empty database into `home`: made once for an installation, and kept in it."""
        kept = Path(self.python).parent.parent / "airflow.db"
        if not kept.exists():
            self.call("-m", "airflow", "db", "migrate")
            shutil.copy(self.home / "airflow.db", f"{kept}.{os.getpid()}")
            os.rename(f"{kept}.{os.getpid()}", kept)
        shutil.copy(kept, self.home / "airflow.db")

    def call(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.python, *arguments], env=self.environment, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def run(
        self, dag: str, conf: dict[str, Any], environment: dict[str, str] | None = None, seconds: float = 1800
    ) -> dict[str, Any]:
        """Runs the text of a DAG file; returns `{"state": …, "run": …, "tasks": {id: [states]}, "log": …}`. May be called from several threads."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.home))
        shutil.copy(self.home / "airflow.db", folder)
        (folder / "dags").mkdir()
        (folder / "dags" / "the_dag.py").write_text(dag)
        request = {
            "folder": str(folder),
            "dag": str(folder / "dags" / "the_dag.py"),
            "conf": conf,
            "environment": environment or {},
        }
        with self.lock:
            assert self.runner.stdin is not None
            self.runner.stdin.write(json.dumps(request) + "\n")
            self.runner.stdin.flush()
        deadline = time.monotonic() + seconds
        while not (folder / "ended").exists():
            assert time.monotonic() < deadline and self.runner.poll() is None, (folder / "log").read_text(
                errors="replace"
            )[-3000:]
            time.sleep(0.1)
        log = (folder / "log").read_text(errors="replace")
        assert (folder / "result.json").exists(), log[-5000:]
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        shutil.rmtree(folder)
        return {**result, "log": log}
