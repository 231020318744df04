"""`flowc diff`: what differs by meaning, and the forms of its two sides."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.running import flowc

OLD = """from metaflow import FlowSpec, Parameter, resources, retry, schedule, step

@schedule(daily=True)
class F(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    gone = Parameter("gone", default="a|b`c")

    @step
    def start(self):
        self.next(self.fit)

    @retry(times=1)
    @resources(memory=4096)
    @step
    def fit(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
NEW = (
    OLD.replace("@schedule(daily=True)\n", "")
    .replace("default=0.5", "default=1")
    .replace('    gone = Parameter("gone", default="a|b`c")\n', "")
    .replace("times=1", "times=3")
    .replace("memory=4096", "memory=8192")
    .replace(
        "self.next(self.end)", "self.next(self.check)\n\n    @step\n    def check(self):\n        self.next(self.end)"
    )
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose commit has the old flow, and whose file is the new one."""
    (tmp_path / "flow.py").write_text(OLD)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        options = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *options, *words], cwd=tmp_path, check=True)
    (tmp_path / "flow.py").write_text(NEW)
    return tmp_path


def test_what_differs(repository: Path) -> None:
    done = flowc("diff", "main:flow.py", "flow.py", "--format", "json", cwd=repository, check=True)
    found = [tuple(one.values()) for one in json.loads(done.stdout)]
    assert found == [
        ("schedule", "flow", "@schedule", "daily=true", None),
        ("parameter", "parameter alpha", "type", "float", "int"),
        ("parameter", "parameter alpha", "default", "0.5", "1"),
        ("parameter", "parameter gone", "", "str = a|b`c", None),
        ("edge", "step fit", "goes to", "end", "check"),
        ("decorator", "step fit", "@retry times", "1", "3"),
        ("decorator", "step fit", "@resources memory", "4096", "8192"),
        ("step", "step check", "", None, "→ end"),
        ("file", "file flow.py", "", "20 lines", "22 lines"),
    ]
    assert flowc("diff", "main:flow.py", "flow.py", "--check", cwd=repository).returncode == 1


def test_nothing_differs(repository: Path) -> None:
    done = flowc("diff", "flow.py", "flow.py", "--check", cwd=repository, check=True)
    assert done.stdout == "F: no difference\n"


def test_folders_and_packages(repository: Path) -> None:
    flowc(
        "compile", "flow.py", "-t", "argo,airflow", "--store", "s3://b/x", "-q", "-o", "new", cwd=repository, check=True
    )
    (package,) = (repository / "new" / "code").iterdir()
    for side in ("new", str(package), "flow.py"):
        assert "no difference" in flowc("diff", "new", side, cwd=repository, check=True).stdout
    assert "step check" in flowc("diff", "main:flow.py", "new", cwd=repository, check=True).stdout


def test_a_table_for_a_pull_request(repository: Path) -> None:
    """No text of a flow ends a cell, or the code in it."""
    lines = flowc(
        "diff", "main:flow.py", "flow.py", "--format", "markdown", cwd=repository, check=True
    ).stdout.splitlines()
    assert lines[1] == "|---|---|---|---|" and len(lines) == 11
    assert all(line.count("|") == 5 and line.count("`") in (0, 2, 4) for line in lines), lines


@pytest.mark.parametrize(
    ("side", "message"),
    [("none.py", "is neither a file nor a folder"), ("nowhere:flow.py", "nowhere"), ("main:other.py", "has no file other.py"),
     (".", "must hold one version of a flow"), ("prod:f", "there is no context `prod`")],
)  # fmt: skip
def test_sides_that_are_none(repository: Path, side: str, message: str) -> None:
    done = flowc("diff", side, "flow.py", cwd=repository)
    assert done.returncode in (1, 2) and message in done.stderr, done.stderr
