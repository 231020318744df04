"""Tasks that share a container have the packages, the variables and the Python that each would have alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowc.runtime_bundle import write_folder
from tests.runtime_shim.environments.test_activate import NAME, Task, put_files, values
from tests.support.container import Container
from tests.support.running import LIMIT

THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
FLOW = """
from metaflow import FlowSpec, environment, step
import os

VALUE = os.environ.get("VALUE")  # when the module is imported

class F(FlowSpec):
    @environment(vars={"VALUE": "mine"})
    @step
    def start(self):
        print("value", VALUE)
        self.next(self.end)

    @environment(vars={"VALUE": "mine"})
    @step
    def end(self):
        print("value", VALUE)
"""


@pytest.mark.parametrize("before", ["", THREAD], ids=["forks", "new processes"])
def test_packages(before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.runtime_shim.environments import test_activate

    monkeypatch.setattr(test_activate, "FLOW", before + test_activate.FLOW)
    task = Task(tmp_path)
    put_files(str(tmp_path / "store"))
    task.several("start", "-", "start,end")
    found = values(task)
    assert (found["version"], found["hidden"], found["hooked"], found["tool"]) == (
        "'1.0'", "True", "'yes'", "'from the tool\\n'",
    )  # fmt: skip
    for step in ("start", "end"):
        assert task.record(step)["environment"]["packages"] == f"sha256:{NAME}"
    assert task.record("start")["environment"] == task.record("end")["environment"]


def test_variables_are_set_before_the_module_is_imported(tmp_path: Path) -> None:
    assert Container(FLOW, tmp_path).several("start", "-", "start,end").stdout == "start: value mine\nend: value mine\n"


@pytest.mark.parametrize("before", ["", THREAD], ids=["forks", "new processes"])
def test_the_shim_that_was_copied_into_the_container(before: str, tmp_path: Path) -> None:
    write_folder(str(tmp_path / "runtime"))
    container = Container(before + FLOW, tmp_path)
    variables = {name: value for name, value in container.environment.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-S", str(tmp_path / "runtime" / "__main__.py"), "task", "--step", "start"]
    done = subprocess.run(
        [*command, "--path", "-", "--within", "start,end"],
        env={**variables, "TMPDIR": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "start: value mine\nend: value mine\n"), done.stderr
    assert not list(tmp_path.glob("flowc-*"))  # no folder is left


def test_what_a_module_prints_is_in_each_log(tmp_path: Path) -> None:
    container = Container("print('imported')\n" + FLOW, tmp_path)
    container.several("start", "-", "start,end")
    for step in ("start", "end"):
        lines = [line.split(" ", 3)[3] for line in container.place(step, "-", ".0.log").read_text().splitlines()]
        assert lines == ["imported", "value mine"]
