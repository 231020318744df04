"""Helpers of tests: flowc as a user starts it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .environment import environment
from .prefork import Prefork

LIMIT = 600.0  # seconds that a command may take: a bound on hanging
PREFORK = Prefork()
Done = subprocess.CompletedProcess[str]
T = TypeVar("T")


def flowc(
    *arguments: str, cwd: Path | str | None = None, env: dict[str, str] | None = None, check: bool = False
) -> Done:
    """Runs `flowc ARGUMENTS`. With `check`, fails with what it printed unless it exits with 0."""
    done = started(arguments, str(cwd or os.getcwd()), {**environment("FLOWC_", "AWS_"), **(env or {})})
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def started(
    arguments: Sequence[str], cwd: str, env: dict[str, str], prefork: Prefork = PREFORK, seconds: float = LIMIT
) -> Done:
    """Runs `python -m flowc`, or a fork of a process that has imported it, where that makes no difference."""
    if prefork.fits(env):
        return prefork.run(arguments, cwd, env, seconds)
    command = [sys.executable, "-m", "flowc", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", timeout=seconds)


def until(condition: Callable[[], T], what: str, seconds: float = LIMIT, every: float = 0.02) -> T:
    """Calls the condition until its value is true, and returns the value.

    Fails after `seconds`, and names `what` it waited for.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {what}"
        time.sleep(every)
    return value


def run(
    flow: Path | str,
    folder: Path,
    *arguments: str,
    run_id: str = "r",
    env: dict[str, str] | None = None,
    check: bool = True,
) -> Done:
    """Runs the flow with its datastore in `folder`."""
    return flowc("run", str(flow), "--store", str(folder), "--run-id", run_id, *arguments, env=env, check=check)


def dump(
    folder: Path | str, run_id: str = "r", flow: str = "", env: dict[str, str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Returns what `flowc dump RUN --json` prints."""
    options = ["--flow", flow] if flow else []
    return json.loads(flowc("dump", run_id, "--json", "--store", str(folder), *options, env=env, check=True).stdout)  # type: ignore[no-any-return]


def said(artifact: dict[str, str]) -> str:
    """Returns the artifact's `repr`.

    Of an exception that `@catch` kept, only the last line: its stack has folders of the machine.
    """
    is_stack = artifact["type"].endswith(".MetaflowExceptionWrapper")
    return artifact["repr"].strip().rpartition("\n")[2] if is_stack else artifact["repr"]


def artifacts(folder: Path | str, step: str, path: str = "-", run_id: str = "r") -> dict[str, str]:
    """Returns the artifacts of one task: name → repr."""
    task = next(task for task in dump(folder, run_id)[step] if task["path"] == path)
    return {name: artifact["repr"] for name, artifact in task["artifacts"].items()}


def executed(folder: Path | str, run_id: str = "r", flow: str = "") -> list[tuple[str, str]]:
    """Returns (step, path) of every task of the run, sorted."""
    return sorted((step, task["path"]) for step, tasks in dump(folder, run_id, flow).items() for task in tasks)
