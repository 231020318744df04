"""EventBridge's `L`, `W` and `#`: the schedule of Step Functions has them unchanged, and other targets refuse them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.targets.target import emitter

from tests.support.building import options_of, program_of, spec_of
from tests.support.running import flowc

FLOW = """from metaflow import FlowSpec, schedule, step


@schedule(cron={cron!r})
class MonthEnd(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("done")
"""
WRITTEN = {
    "0 12 L * ? *": "0 12 L * ? *",
    "0 12 15W * ? *": "0 12 15W * ? *",
    "0 12 ? * 6L *": "0 12 ? * 6L *",
    "0 12 ? * FRIL 2027": "0 12 ? * 6L 2027",
    "0 12 ? * MON#2 *": "0 12 ? * 2#2 *",
    "0 12 ? * 1#5 *": "0 12 ? * 1#5 *",
}


@pytest.mark.parametrize(("cron", "written"), WRITTEN.items())
def test_step_functions_takes_them(cron: str, written: str, tmp_path: Path) -> None:
    files = spec_of(program_of(FLOW.format(cron=cron), tmp_path), "step-functions")
    assert sum(f"cron({written})" in file.text for file in files) == 1


@pytest.mark.parametrize(("target", "code"), [("argo", "FLOW514"), ("airflow", "FLOW535")])
@pytest.mark.parametrize("cron", WRITTEN)
def test_the_others_refuse_them(cron: str, target: str, code: str, tmp_path: Path) -> None:
    program = program_of(FLOW.format(cron=cron), tmp_path)
    assert [
        diagnostic.code
        for diagnostic in emitter(target).check(program.flow, options_of(target))
        if diagnostic.severity == "error"
    ] == [code]


def test_the_last_day_of_a_week_is_saturday_everywhere(tmp_path: Path) -> None:
    program = program_of(FLOW.format(cron="0 12 ? * L *"), tmp_path)
    assert any("0 12 * * 6" in file.text for file in spec_of(program, "argo"))
    assert any("cron(0 12 ? * 7 *)" in file.text for file in spec_of(program, "step-functions"))


def test_a_local_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(cron="0 12 L * ? *"))
    done = flowc("run", "flow.py", "--quiet", cwd=tmp_path)
    assert "done" in done.stdout + done.stderr
