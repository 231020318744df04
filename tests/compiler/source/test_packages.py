"""Flows that are modules of packages, with relative imports, as `python -m PACKAGE.FLOW` starts them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from flowc.compiler.source.packages import around

from tests.support.running import flowc

FLOW = """
from metaflow import FlowSpec, step
from .words import WORDS
from ..shared import join
class Kept:
    word = "kept"
class Relative(FlowSpec):
    @step
    def start(self):
        self.text, self.kept = join(WORDS), Kept()
        self.next(self.end)
    @step
    def end(self):
        self.again = self.kept.word
if __name__ == "__main__":
    Relative()
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    below = tmp_path / "repository" / "company" / "flows"
    below.mkdir(parents=True)
    (below / "__init__.py").write_text("")
    (below.parent / "__init__.py").write_text("")
    (below.parent / "shared.py").write_text("def join(words):\n    return '-'.join(words)\n")
    (below / "words.py").write_text("WORDS = ['a', 'b']\n")
    (below / "relative.py").write_text(FLOW)
    return below / "relative.py"


def test_a_run_by_path_from_anywhere(flow: Path, tmp_path: Path) -> None:
    for folder, isolation in ((flow.parent, "fork"), (flow.parent.parent.parent, "process")):
        store = tmp_path / isolation
        words = ["run", str(flow.relative_to(folder)), "--store", str(store), "--run-id", "r", "--isolation", isolation]
        flowc(*words, cwd=folder, check=True)
        done = flowc("dump", "r", "--json", "--store", str(store), cwd=folder, check=True)
        assert json.loads(done.stdout)["end"][0]["artifacts"]["text"]["repr"] == "'a-b'"


def test_a_run_as_a_module(flow: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "company.flows.relative", "run", "--store", str(tmp_path / "store")]
    done = subprocess.run(command, cwd=flow.parent.parent.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_flow_that_is_started_as_a_module_imports_its_package_by_name(tmp_path: Path) -> None:
    (tmp_path / "company").mkdir()
    (tmp_path / "company" / "limits.py").write_text("LIMIT = 3\n")
    (tmp_path / "company" / "named.py").write_text(
        """
from company.limits import LIMIT
from metaflow import FlowSpec, Parameter, step
class Named(FlowSpec):
    limit = Parameter("limit", default=LIMIT)
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        self.left = self.limit - 1
if __name__ == "__main__":
    Named()
"""
    )
    for words in (["run", "--store", "store", "--run-id", "r", "--limit", "5"], ["show"], []):
        command = [sys.executable, "-m", "company.named", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    done = flowc("dump", "r", "--json", "--store", str(tmp_path / "store"), check=True)
    assert json.loads(done.stdout)["end"][0]["artifacts"]["left"]["repr"] == "4"


def test_a_code_package_can_be_imported(flow: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    flowc("compile", str(flow), "--target", "argo", "--store", "s3://b/x", "-o", str(build), check=True)
    (package,) = (build / "code").iterdir()
    with tarfile.open(fileobj=io.BytesIO(package.read_bytes())) as archive:
        archive.extractall(tmp_path / "unpacked")
    code = f"""
import json
from flowc.runtime_shim.user_code.flow_module import load_flow
flow = json.load(open({str(tmp_path / "unpacked" / "flowc.json")!r}))["flow"]
print(load_flow({str(tmp_path / "unpacked")!r}, flow).__module__)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "company.flows.relative\n"


def test_problems_have_the_place_that_the_user_named(flow: Path) -> None:
    flow.write_text(FLOW.replace("self.next(self.end)", "self.next(self.edn)"))
    done = flowc("check", "flows/relative.py", "--format", "concise", cwd=flow.parent.parent)
    assert done.stderr.startswith("flows/relative.py:11:9 FLOW206"), done.stderr


def test_home_is_no_source_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flows").mkdir()
    assert around(str(tmp_path / "flows")) == (str(tmp_path), "flows")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert around(str(tmp_path / "flows")) is None


def test_the_package_around_a_folder(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert around(str(below)) == (str(below.parent), "b")
    (below / "__init__.py").touch()
    assert around(str(below)) == (str(below.parent), "b")
    (below.parent / "__init__.py").touch()
    assert around(str(below)) == (str(tmp_path), "a.b")
    (tmp_path / "not-a-name" / "c").mkdir(parents=True)
    assert around(str(tmp_path / "not-a-name" / "c")) == (str(tmp_path / "not-a-name"), "c")
    assert around(str(tmp_path / "not-a-name")) is None
