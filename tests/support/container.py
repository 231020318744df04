"""The shim as an engine starts it: one process a task, told by arguments and environment alone (docs/shim.md)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from flowc.compiler.pipeline import Program

from tests.support.building import package_of, program_of
from tests.support.environment import environment
from tests.support.running import LIMIT

Done = subprocess.CompletedProcess[str]


class Container:
    """A deployed flow whose tasks are started by hand."""

    def __init__(
        self, source: str, folder: Path, store: str = "", env: dict[str, str] | None = None, run: str = "r"
    ) -> None:
        self.program: Program = program_of(source, folder)
        self.folder = folder
        self.run = run
        self.code = package_of(self.program, folder / "store")
        self.environment = {
            **environment("FLOWC_", "AWS_"),
            "FLOWC_STORE": store or str(folder / "store"), "FLOWC_FLOW": self.program.flow.name, "FLOWC_RUN": run, "FLOWC_CODE": self.code,
            "FLOWC_TARGET": "argo", **(env or {}),
        }  # fmt: skip

    def command(self, step: str, path: str = "-", *report: str, python: str = sys.executable) -> list[str]:
        reports = [word for name in report for word in ("--report", name)]
        return [python, "-m", "flowc.runtime_shim", "task", "--step", step, "--path", path, *reports]

    def task(
        self, step: str, path: str = "-", *report: str, attempt: int | None = None, code: int = 0, **env: str
    ) -> Done:
        """Runs one task in a folder of its own; fails unless it exits with `code`."""
        variables = {**self.environment, **env, **({} if attempt is None else {"FLOWC_ATTEMPT": str(attempt)})}
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        done = subprocess.run(
            self.command(step, path, *report),
            env=variables,
            cwd=elsewhere,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def several(
        self, step: str, path: str, within: str, *more: str, attempt: int | None = None, code: int | None = 0,
        **env: str,
    ) -> Done:  # fmt: skip
        """Runs a container of the steps `within`, which are separated by commas, and checks its exit code as `task`."""
        variables = {**self.environment, **env, **({} if attempt is None else {"FLOWC_ATTEMPT": str(attempt)})}
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        command = [*self.command(step, path), "--within", within, *more]
        done = subprocess.run(command, env=variables, cwd=elsewhere, capture_output=True, text=True, timeout=LIMIT)
        assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def place(self, step: str, path: str = "-", suffix: str = ".json") -> Path:
        return self.folder / "store" / self.program.flow.name / "runs" / self.run / step / f"{path}{suffix}"

    def record(self, step: str, path: str = "-") -> dict:  # type: ignore[type-arg]
        record: dict = json.loads(self.place(step, path).read_text())  # type: ignore[type-arg]
        return record
