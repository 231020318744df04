"""flowc's `check` agrees with Metaflow's on right and wrong graphs, and reports a mistake once."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from .random_graphs import Graph, random_flow
from .verdicts import IMPORTS, START, Case, by_flowc, by_metaflow, cases

CASES = cases()
SEVERAL = {"two steps of other names"}  # flows with more than one mistake


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_the_recorded_verdict_is_ours(case: Case, tmp_path: Path) -> None:
    accepted, messages = by_flowc(case.flow, tmp_path)
    assert accepted == (case.accepted != case.differs), messages or "nothing was said"
    if not accepted and case.title not in SEVERAL:
        assert len(messages.splitlines()) == 1, f"one mistake, said several times:\n{messages}"


def test_the_cases_are_worth_something() -> None:
    assert len(CASES) > 100 and 20 < sum(case.accepted for case in CASES) < 80
    assert len({case.title for case in CASES}) == len(CASES)


@pytest.mark.slow
def test_the_recording_is_metaflows() -> None:
    for case, accepted in zip(CASES, by_metaflow([case.flow for case in CASES])):
        assert accepted == case.accepted, case.title


@pytest.mark.slow
def test_random_graphs(tmp_path: Path) -> None:
    flows = [IMPORTS + random_flow(seed) + START for seed in range(150)]
    verdicts = by_metaflow(flows)
    assert 20 < sum(verdicts) < 120
    for flow, accepted in zip(flows, verdicts):
        ours, messages = by_flowc(flow, tmp_path)
        assert ours == accepted, (
            f"{flow}\nMetaflow {'accepts' if accepted else 'refuses'} it; flowc says:\n{messages or 'nothing'}"
        )


def test_one_mistake_is_mostly_said_once(tmp_path: Path) -> None:
    """A changed edge may be two mistakes, but consequences of one must not be reported too."""
    counts = []
    for seed in range(200):
        random = Random(seed)
        graph = Graph(random)
        graph.grow("start", "end", 3)
        graph.add("end", "")
        graph.spoil()
        accepted, messages = by_flowc(IMPORTS + graph.source() + START, tmp_path)
        assert accepted == (not messages)
        counts.append(len(messages.splitlines()))
    assert sum(count > 1 for count in counts) < 40 and max(counts) <= 3
