"""What is emitted is what was reviewed, and no validator finds anything in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.targets.target import names, validator

from .regenerate import CASES, HERE, compiled, main


@pytest.mark.parametrize(("name", "target"), CASES)
def test_golden(name: str, target: str, tmp_path: Path) -> None:
    texts = compiled(name, target, tmp_path)
    for file, text in texts.items():
        recorded = HERE / name / (f"{target}-{file}" if file == "refused.txt" else file)
        assert recorded.exists(), f"{recorded} is not there: make golden"
        assert text == recorded.read_text(encoding="utf-8"), "make golden, and review the difference"


@pytest.mark.parametrize(
    "file",
    sorted(path for path in HERE.rglob("*") if path.suffix in (".yaml", ".json") or path.name.endswith("_dag.py")),
    ids=lambda path: path.name,
)
def test_valid(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    targets = [name for name in names() if validator(name).recognises(file.name, text)]
    assert len(targets) == 1
    assert not list(validator(targets[0]).validate(file.name, text))


def test_what_is_recorded_stays_when_flowc_itself_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ImportError("no such name")

    before = sorted(HERE.rglob("*"))
    monkeypatch.setattr("flowc.cli.module_of", broken)
    assert main() == 1
    assert "nothing is written" in capsys.readouterr().err
    assert sorted(HERE.rglob("*")) == before


def test_nothing_else_is_recorded() -> None:
    """A flow or target that is gone leaves no file behind."""
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == {
        name for name, _ in CASES
    }
