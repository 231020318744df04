"""`flowc compile -m PACKAGE.FLOW`: a flow by the name of its module."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.module_form import with_file
from flowc.options import Usage
from tests.support.running import flowc

FLOW = """
from metaflow import FlowSpec, step
from .numbers import ANSWER
from shared.words import WORD
class F(FlowSpec):
    @step
    def start(self):
        self.answer = ANSWER
        self.next(self.end)
    @step
    def end(self):
        print(self.answer, WORD)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "train" / "flows").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    for name in ("train/__init__.py", "train/flows/__init__.py", "shared/__init__.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "train" / "flows" / "model.py").write_text(FLOW)
    (tmp_path / "train" / "flows" / "numbers.py").write_text("ANSWER = 42\n")
    (tmp_path / "shared" / "words.py").write_text("WORD = 'forty-two'\n")
    return tmp_path


@pytest.mark.parametrize("command", ["check", "show", "run"])
def test_a_module_of_the_current_folder(command: str, package: Path) -> None:
    assert flowc(command, "-m", "train.flows.model", cwd=package).returncode == 0


def test_compile_packs_what_the_module_imports(package: Path) -> None:
    done = flowc("compile", "-m", "train.flows.model", "--target", "argo", "--store", "s3://b/p", cwd=package)
    assert done.returncode == 0, done.stderr


def test_a_module_of_pythonpath(package: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = flowc("check", "-m", "train.flows.model", cwd=elsewhere, env={"PYTHONPATH": str(package)})
    assert done.returncode == 0, done.stderr


def test_words_around_it_stay(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package)
    words = with_file(["run", "-m", "train.flows.model", "--alpha", "1", "--", "-m"])
    assert words == ["run", "train/flows/model.py", "--source-root", ".", "--alpha", "1", "--", "-m"]


@pytest.mark.parametrize("words", [["check", "-m"], ["check", "-m", "my-flow"], ["check", "-m", "nowhere.flow"]])
def test_no_module(words: list[str], package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package)
    with pytest.raises(Usage):
        with_file(words)
