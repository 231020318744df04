"""The order in which checks run, and which of them run."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flowc.compiler import checks
from flowc.compiler.report.diagnostics import Diagnostic

from tests.support.analyzing import analysis_of

FLOW = """
from metaflow import FlowSpec, step

class AFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.a)

    @step
    def a(self):
        self.next(self.b)

    @step
    def b(self):
        self.next(self.{after_b})

    @step
    def lost(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def codes(folder: Path, after_b: str) -> list[str]:
    (folder / "flow.py").write_text(textwrap.dedent(FLOW.format(after_b=after_b)))
    return [diagnostic.code for diagnostic in checks.judge(analysis_of(folder)) if diagnostic.code < "FLOW4"]


def test_a_check_waits_for_those_that_it_needs(tmp_path: Path) -> None:
    assert codes(tmp_path, "end") == ["FLOW208"]  # `lost` is never reached; nothing is said of splits and joins
    assert codes(tmp_path, "a") == ["FLOW207"]  # until the cycle is mended, nobody knows what is reached


def counted(
    name: str, check: Callable[..., Iterator[Diagnostic]], names_run: list[str]
) -> Callable[..., Iterator[Diagnostic]]:
    def counting(*arguments: object) -> Iterator[Diagnostic]:
        names_run.append(name)
        return check(*arguments)

    return counting


def test_each_check_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names_run: list[str] = []
    assert codes(tmp_path, "end")
    names = [
        name.rpartition(".")[2]
        for name, module in sys.modules.items()
        if name.rpartition(".")[0] == checks.__name__ and hasattr(module, "check")
    ]
    for name in names:
        module = sys.modules[f"{checks.__name__}.{name}"]
        monkeypatch.setattr(module, "check", counted(name, module.check, names_run))
    codes(tmp_path, "end")
    assert sorted(names_run) == sorted({*names} - {"balance"})
    assert {need for name in names for need in getattr(sys.modules[f"{checks.__name__}.{name}"], "NEEDS", ())} <= {
        *names
    }
