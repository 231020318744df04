"""Every feature flow on every engine, by every way of delivery: each task's artifacts are those of a local run, or the target refuses the flow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.running import flowc

from .ahead import Ahead
from .cases import Case, of_features, parameters
from .deploying import STORE, local
from .report import Record


@pytest.mark.parametrize("case", parameters(of_features()))
def test_a_run_leaves_what_a_local_run_leaves(
    case: Case, request: pytest.FixtureRequest, record: Record, shared: Path, tmp_path: Path
) -> None:
    if case.refusal:
        record(case, "refused")
        codes = re.findall(r"error\[(FLOW\d+)\]", case.refusal)
        done = flowc("compile", str(case.path()), "--target", case.target, "--store", STORE, "-o", str(tmp_path))
        assert codes and re.findall(r"error\[(FLOW\d+)\]", done.stderr) == codes and done.returncode == 1, done.stderr
        return
    ahead: Ahead = request.getfixturevalue("ahead")
    ran = ahead.ran(case)
    record(case, ran.outcome)
    succeeded, expected = local(shared, case.path(), case.given)
    assert ran.outcome.succeeded == succeeded, ran.outcome.detail
    if succeeded:
        assert ran.left == expected, ran.outcome.detail
    for step, tasks in ran.left.items():  # of a run that fails, other branches may have come further, or less far
        for task in tasks:
            assert task in expected.get(step, [task])
