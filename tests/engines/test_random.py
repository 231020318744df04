"""Random flows, with tasks that fail, on every engine: each task's artifacts are those that the reference says, and those of a local run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reference import expected
from tests.support.strategies import Block, flow_of, source_of

from .ahead import Ahead
from .cases import Case, of_random_flows, parameters
from .deploying import local
from .random_flows import COUNT, MUST, disagreement, passed_by
from .report import Record

STEP: Block = [("step", None)]


@pytest.mark.parametrize("engine", sorted({case.engine for case in of_random_flows()}))
def test_the_random_flows_have_what_engines_have_run_wrong(engine: str) -> None:
    """A change of the strategy or of the seed must not lose these cases."""
    flows = [case.random() for case in of_random_flows() if case.engine == engine and case.delivery != "optimized"]
    assert len({source_of(flow) for flow in flows}) == len(flows) == COUNT
    for feature in MUST:
        assert any(feature in passed_by(flow) for flow in flows if not expected(flow).failed), feature


@pytest.mark.parametrize(
    ("block", "features"),
    [
        ([("switch", ([STEP, STEP], 0))], set()),
        ([("switch", ([[("switch", ([STEP, STEP], 0))], STEP], 1))], {"switch-passed-by"}),
        ([("meeting", ([STEP, STEP], 0, 0))], {"switch-passed-by"}),
        ([("meeting", ([STEP, STEP], 1, 0))], set()),
        ([("meeting", ([STEP, STEP], 1, 1))], {"meeting-passed-by"}),
        ([("switch", ([[("meeting", ([STEP, STEP], 1, 1))], STEP], 1))], {"switch-passed-by", "meeting-passed-by"}),
    ],
)
def test_what_a_run_passes_by(block: Block, features: set[str]) -> None:
    assert passed_by(flow_of(block)) == features


@pytest.mark.parametrize("case", parameters(of_random_flows()))
def test_a_run_leaves_what_the_reference_says(case: Case, ahead: Ahead, record: Record, shared: Path) -> None:
    ran = ahead.ran(case)
    record(case, ran.outcome)
    reference = expected(case.random())
    source = case.path().read_text()
    wrong = disagreement(ran.left, ran.outcome.succeeded, reference)
    assert not wrong, f"{wrong}\n{source}\n{ran.outcome.detail}"
    succeeded, here = local(shared, case.path())
    assert not disagreement(here, succeeded, reference), source
    if succeeded:
        assert ran.left == here, source
