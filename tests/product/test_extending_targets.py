"""A target is one folder and its templates: a copy of the project with only these added supports it everywhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import environment

ROOT = Path(__file__).parents[2]
ADDED = ROOT / "tests/fixtures/extending"
FLOW = """from metaflow import FlowSpec, retry, step

class Hello(FlowSpec):
    @retry
    @step
    def start(self):
        self.next(self.one, self.two)
    @step
    def one(self):
        self.next(self.join)
    @step
    def two(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass

if __name__ == "__main__":
    Hello()
"""
SWITCH = """from metaflow import FlowSpec, batch, step

class Hello(FlowSpec):
    @batch
    @step
    def start(self):
        self.choice = "a"
        self.next({"a": self.one, "b": self.end}, condition="choice")
    @step
    def one(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `flowc` as it is installed, its toy target, and a flow."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "flowc", folder / "flowc")
    for part in ("compiler", "targets", "templates", "runtime_shim"):
        shutil.copytree(ROOT / part, folder / "flowc" / part)
    for part in ("targets", "templates"):
        shutil.copytree(ADDED / part, folder / "flowc" / part, dirs_exist_ok=True)
    python(folder, "-m", "flowc.templates.build")
    (folder / "flow.py").write_text(FLOW)
    (folder / "switch.py").write_text(SWITCH)
    return folder


def python(folder: Path, *arguments: str, code: int = 0) -> str:
    """Runs Python with the folder's `flowc`, there; returns all that it prints."""
    env = {**environment("FLOWC_", "AWS_"), "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def flowc(folder: Path, *arguments: str, code: int = 0) -> str:
    return python(folder, "-m", "flowc", *arguments, code=code)


def test_compile_and_validate(project: Path) -> None:
    target = ("--target", "toy", "--toy-speed", "fast", "--store", "s3://bucket/flows")
    printed = flowc(project, "compile", "flow.py", *target, "-o", "build")
    assert "for toy, the toy must be wound up" in printed
    assert (project / "build/toy/Hello.toy.yaml").read_text().splitlines() == [
        "# toy",
        "- {name: start, of: Hello, after: [], speed: fast}",
        "- {name: one, of: Hello, after: [start], speed: fast}",
        "- {name: two, of: Hello, after: [start], speed: fast}",
        "- {name: join, of: Hello, after: [one, two], speed: fast}",
        "- {name: end, of: Hello, after: [join], speed: fast}",
    ]
    assert flowc(project, "validate", "build/toy").endswith("fine (toy)\n")
    (project / "wrong.yaml").write_text("# toy\nwrong\n")
    assert "wrong.yaml: line 2: it is not a step" in flowc(project, "validate", "wrong.yaml", code=1)


def test_check_and_explain(project: Path) -> None:
    printed = flowc(project, "check", "switch.py", "--target", "toy", "--store", "s3://bucket/flows", code=1)
    assert "target `toy` cannot run the switch of step `start`" in printed
    assert "target `toy` cannot honour `@batch` of step `start` yet" in printed
    assert "a switch on Toy" in flowc(project, "explain", "FLOW580")
    assert "Toy\n  FLOW580  a switch on Toy" in flowc(project, "explain")


def test_help_and_options(project: Path) -> None:
    assert "Toy Runner" in flowc(project, "--help")
    assert "options of target toy:\n      --toy-speed SPEED" in flowc(project, "compile", "--help")
    printed = flowc(project, "check", "flow.py", "-t", "toy", "--toy-speed", "idle", code=2)
    assert "invalid value `idle` of `--toy-speed`" in printed
    printed = flowc(project, "compile", "flow.py", "-t", "argo", "--toy-speed", "fast", code=2)
    assert "`--toy-speed` is an option of target toy" in printed
    printed = python(project, "flow.py", "toy-runner", "create", code=2)
    assert "write the spec with `compile --target toy`" in printed


def test_settings(project: Path) -> None:
    other = project / "other"
    other.mkdir()
    shutil.copy(project / "flow.py", other)
    settings = '[tool.flowc]\ntarget = "toy"\nstore = "s3://bucket/flows"\n[tool.flowc.toy]\ntoy-speed = "fast"\n'
    (other / "pyproject.toml").write_text(settings)
    assert "speed: fast" in flowc(project, "compile", "other/flow.py", "-o", "-")
