"""A run's user and tags come from the environment (identity.py), even if the process's user has no name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.contract import identity

from tests.support.environment import environment
from tests.support.running import flowc, run

from ...support.container import Container

NOBODY = 54321  # a number that no user has
FLOW = """
from metaflow import FlowSpec, current, get_namespace, project, step


@project(name="p")
class F(FlowSpec):
    @step
    def start(self):
        self.who = current.username, current.namespace, get_namespace(), current.branch_name, sorted(current.tags)
        self.next(self.end)

    @step
    def end(self):
        pass
"""
AS_NOBODY = """
import ctypes, os, runpy, sys
if os.getuid():  # not root: a namespace in which this user has that number
    before = os.getuid()
    assert not ctypes.CDLL(None).unshare(0x10000000), "no user namespaces here"
    with open("/proc/self/uid_map", "w") as file:
        file.write("{0} %d 1" % before)
else:
    os.setgroups([])
    os.setgid({0})
    os.setuid({0})
assert os.getuid() == {0}
sys.argv = ["flowc", *sys.argv[1:]]
runpy.run_module("flowc", run_name="__main__")
"""


def run_json(store: Path, run_id: str = "r") -> dict:  # type: ignore[type-arg]
    return json.loads((store / "F" / "runs" / run_id / "run.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture
def readable(tmp_path: Path) -> Path:
    """A folder that everybody can get to and write to."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/") and folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o055)
    tmp_path.chmod(0o777)
    return tmp_path


def test_a_user_without_a_name(readable: Path) -> None:
    """Like a container with an arbitrary user id: no entry in passwd, and no variable with a name or a home."""
    (readable / "flow.py").write_text(FLOW)
    env = {**environment("FLOWC_", "METAFLOW_", "SUDO_", "USER", "LOGNAME", "HOME"), "PYTHONDONTWRITEBYTECODE": "1"}

    def as_nobody(*words: str) -> str:
        command = [sys.executable, "-c", AS_NOBODY.format(NOBODY), *words]
        done = subprocess.run(command, cwd=readable, env=env, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    as_nobody("run", "flow.py", "--run-id", "r", "--tag", "mine")
    name = f"uid-{NOBODY}"
    expected = (name, f"user:{name}", f"user:{name}", f"user.{name}", ["mine"])
    assert as_nobody("dump", "r/start", "who") == f"{expected!r}\n"
    [one] = json.loads(as_nobody("runs", "--json", "--user", name))
    assert one["user"] == name and {f"user:{name}", f"project_branch:user.{name}"} <= set(one["system_tags"])
    as_nobody("tag", "add", "r", "later")
    assert "later" in as_nobody("tag", "list", "r")
    as_nobody("check", "flow.py")
    as_nobody("compile", "flow.py", "--target", "argo", "--store", "s3://b/p", "-o", "out")
    as_nobody("resume", "flow.py", "end", "--origin-run-id", "r", "--run-id", "again")
    assert "F" in as_nobody("runs")


def test_variables_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        monkeypatch.delenv(name, raising=False)
    import pwd

    assert identity.user_name() == pwd.getpwuid(os.getuid()).pw_name
    for name in ("USER", "USERNAME", "SUDO_USER", "METAFLOW_USER"):
        monkeypatch.setenv(name, name.lower())
        assert identity.user_name() == name.lower()


def test_tags_of_the_environment(tmp_path: Path) -> None:
    """Words, as in Metaflow (measured), and only without `--tag`."""
    (tmp_path / "flow.py").write_text(FLOW)
    variables = {"METAFLOW_RUN_TAGS": "b a,c  b", "METAFLOW_RESUME_TAGS": "resumed", "METAFLOW_USER": "me"}
    run(tmp_path / "flow.py", tmp_path, env=variables, run_id="env")
    run(tmp_path / "flow.py", tmp_path, "--tag", "own", env=variables, run_id="own")
    flowc(
        "resume",
        str(tmp_path / "flow.py"),
        "--origin-run-id",
        "env",
        "--run-id",
        "again",
        "--store",
        str(tmp_path),
        env=variables,
        check=True,
    )
    assert [run_json(tmp_path, run_id).get("tags") for run_id in ("env", "own", "again")] == [
        ["a,c", "b"],
        ["own"],
        ["a,c", "b", "resumed"],
    ]
    for wrong in ("x" * 501, " ".join(map(str, range(51)))):
        done = run(tmp_path / "flow.py", tmp_path, env={"METAFLOW_RUN_TAGS": wrong}, run_id="wrong", check=False)
        assert (
            done.returncode == 1
            and "METAFLOW_RUN_TAGS has invalid tags" in done.stderr
            and "Traceback" not in done.stderr
        )


def test_tags_of_a_deployed_run(tmp_path: Path) -> None:
    """The first task sees the variable; a later one changes nothing."""
    flow = Container(FLOW, tmp_path, env={"FLOWC_TARGET": "argo"})
    flow.task("start", METAFLOW_RUN_TAGS="nightly try")
    flow.task("end", METAFLOW_RUN_TAGS="other")
    assert run_json(tmp_path / "store")["tags"] == ["nightly", "try"]
