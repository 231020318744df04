"""`make try`: any flow on any engine, with parameters, and exit codes that say how it went."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS

from .attempt import main
from .conftest import FIXTURES

FAILS = "from metaflow import FlowSpec, step\n\n\nclass Fails(FlowSpec):\n    @step\n    def start(self):\n        self.x = 1\n        self.next(self.end)\n    @step\n    def end(self):\n        1 / 0\n"
ENGINES = [
    pytest.param("argo", marks=pytest.mark.node),
    pytest.param("step-functions", marks=pytest.mark.engine),
    pytest.param("airflow", marks=pytest.mark.engine),
]


@pytest.mark.parametrize("name", ENGINES)
def test_a_run_and_a_failure(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def start(engine: str, _delivery: str) -> nullcontext:  # type: ignore[type-arg]
        return nullcontext(request.getfixturevalue(FIXTURES[engine]))

    flow = tmp_path / "fails.py"
    flow.write_text(FAILS)
    assert main([name, str(FLOWS["switch"]), "--size", "big"], start) == 0
    assert json.loads(capsys.readouterr().out)["end"][0]["artifacts"]["message"]["repr"] == repr(
        "took the thorough way"
    )
    assert main([name, str(flow)], start) == 1
    printed = capsys.readouterr()
    assert list(json.loads(printed.out)) == ["start"] and "ZeroDivisionError" in printed.err


def test_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["argo"]) == main(["mesos", "flow.py"]) == main(["argo", str(FLOWS["switch"]), "--size"]) == 2
    assert "usage" in capsys.readouterr().err
    assert main(["argo", str(FLOWS["switch"]), "--colour", "red"]) == 2
    assert "no parameter 'colour'" in capsys.readouterr().err
    assert main(["airflow", str(FLOWS["gang"])]) == 1
    assert "FLOW502" in capsys.readouterr().err
