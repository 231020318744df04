"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit on a repository, but in an existing environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.diagnostic_pages import ROOT

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HELLO = (ROOT / "examples/hello.py").read_text()


def run(*command: str, folder: Path, code: int = 0) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "PRE_COMMIT_HOME": str(folder / ".cache"), "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_manifest_is_legal(tmp_path: Path) -> None:
    run(sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST), folder=tmp_path)


@pytest.mark.slow
def test_the_hooks(tmp_path: Path) -> None:
    hooks: list[dict[str, Any]] = [{**hook, "language": "system"} for hook in yaml.safe_load(MANIFEST.read_text())]
    assert [hook["id"] for hook in hooks] == ["flowc-check", "flowc-compile"]
    options = ["flows/hello.py", "--target", "argo", "--store", "s3://models/flowc", "--output", "deploy"]
    hooks[1]["args"] = options
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/hello.py").write_text(HELLO)
    (tmp_path / "other.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("no Python\n")
    run("flowc", "compile", *options, folder=tmp_path)
    run("git", "init", "-q", folder=tmp_path)
    run("git", "add", ".pre-commit-config.yaml", "flows", "other.py", "notes.txt", "deploy", folder=tmp_path)
    hook = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    assert run(*hook, folder=tmp_path).count("Passed") == 2
    (tmp_path / "flows/hello.py").write_text(HELLO.replace("Ada", "Alan").replace("times=2", "times=3"))
    assert "limit: 3" in run(*hook, "flowc-compile", folder=tmp_path, code=1)
    (tmp_path / "flows/hello.py").write_text(HELLO.replace("self.end)", "self.ent)"))
    assert "FLOW206" in run(*hook, "flowc-check", folder=tmp_path, code=1)


@pytest.mark.slow
def test_the_hook_and_stale_files(tmp_path: Path) -> None:
    """The hook fails while a schedule's file is stale: before a new compile, and until the deletion is staged."""
    (hook,) = [
        {**hook, "language": "system"} for hook in yaml.safe_load(MANIFEST.read_text()) if hook["id"] == "flowc-compile"
    ]
    hook["args"] = ["hello.py", "--target", "step-functions", "--store", "s3://models/flowc", "--output", "deploy"]
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]}))
    scheduled = HELLO.replace("class Hello", "@schedule(daily=True)\nclass Hello").replace(
        "import FlowSpec", "import schedule, FlowSpec"
    )
    assert "@schedule" in scheduled and "import schedule" in scheduled
    (tmp_path / "hello.py").write_text(scheduled)
    run("flowc", "compile", *hook["args"], folder=tmp_path)
    run("git", "init", "-q", folder=tmp_path)
    run("git", "add", ".pre-commit-config.yaml", "hello.py", "deploy", folder=tmp_path)
    run("git", "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "-m", "Add a flow", folder=tmp_path)
    command = (sys.executable, "-m", "pre_commit", "run")
    assert "Passed" in run(*command, folder=tmp_path)
    (tmp_path / "hello.py").write_text(HELLO)
    run("git", "add", "hello.py", folder=tmp_path)
    stale = "deploy/step-functions/Hello.schedule.json"
    assert f"{stale}: no longer written" in run(*command, folder=tmp_path, code=1)
    run("flowc", "compile", *hook["args"], folder=tmp_path)
    run(
        "git",
        "add",
        "deploy/code",
        "deploy/deployments",
        *(f"deploy/step-functions/Hello.{kind}.json" for kind in ("asl", "batch", "policy")),
        folder=tmp_path,
    )
    assert stale in run(*command, folder=tmp_path, code=1)
    run("git", "add", "--all", "deploy", folder=tmp_path)
    assert "Passed" in run(*command, folder=tmp_path)
