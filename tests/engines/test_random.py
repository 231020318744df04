"""Random flows, with tasks that fail, on every engine: each task's artifacts are those that the reference says, and those of a local run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reference import expected

from .ahead import Ahead
from .cases import Case, of_random_flows, parameters
from .deploying import local
from .random_flows import disagreement
from .report import Record


@pytest.mark.parametrize("case", parameters(of_random_flows()))
def test_a_run_leaves_what_the_reference_says(case: Case, ahead: Ahead, record: Record, shared: Path) -> None:
    ran = ahead.ran(case)
    record(case, ran.outcome)
    wanted = expected(case.random())
    source = case.path().read_text()
    wrong = disagreement(ran.left, ran.outcome.succeeded, wanted)
    assert not wrong, f"{wrong}\n{source}\n{ran.outcome.detail}"
    succeeded, here = local(shared, case.path())
    assert not disagreement(here, succeeded, wanted), source
    if succeeded:
        assert ran.left == here, source
