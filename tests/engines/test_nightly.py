"""Hundreds of random flows on each engine (`make nightly`): one that comes out wrong is made as small as it can be, and kept as a feature flow."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.compiler.ir.nodes import Flow
from hypothesis import HealthCheck, assume, example, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.golden.regenerate import FLOWS
from tests.support.reference import expected
from tests.support.strategies import flows, source_of

from .ahead import Engine
from .conftest import FIXTURES
from .random_flows import disagreement, sample

pytestmark = [pytest.mark.nightly]
COUNT = int(os.environ.get("FLOWC_RANDOM") or 200)
MOST = 25  # attempts at tasks of one flow
ENGINES = [
    pytest.param("argo", "inject", marks=pytest.mark.node),
    pytest.param("argo", "optimized", marks=pytest.mark.node),
    pytest.param("airflow-pods", "baked", marks=pytest.mark.node),
    pytest.param("step-functions", "baked", marks=pytest.mark.engine),
    pytest.param("step-functions", "optimized", marks=pytest.mark.engine),
    pytest.param("airflow", "process", marks=pytest.mark.engine),
    pytest.param("airflow", "optimized", marks=pytest.mark.engine),
]


@pytest.mark.parametrize(("name", "delivery"), ENGINES)
def test_a_run_leaves_what_the_reference_says(
    name: str, delivery: str, request: pytest.FixtureRequest, wrong: list[str]
) -> None:
    engine: Engine = request.getfixturevalue(FIXTURES[name])
    number = int(os.environ.get("FLOWC_SEED") or time.time())
    print(f"FLOWC_SEED={number} draws the same flows again")
    with tempfile.TemporaryDirectory() as folder:

        @seed(number)
        @settings(
            max_examples=COUNT,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=DirectoryBasedExampleDatabase(folder),
        )
        @given(flows(faults=True))
        @example(sample(cost=0)[0])  # those that each run must have, whatever is drawn
        @example(sample(cost=0)[1])
        def check(flow: Flow) -> None:
            reference = expected(flow)
            assume(len(flow.steps) <= MOST and reference.attempts <= MOST)
            path = Path(folder, "random_flow.py")
            path.write_text(source_of(flow))
            outcome, left = engine.leaves(path, delivery, {})
            difference = disagreement(left, outcome.succeeded, reference)
            if difference:
                wrong.append(source_of(flow))
            assert not difference, f"{difference}\n{outcome.detail}"

        check()


@pytest.fixture
def wrong() -> Iterator[list[str]]:
    """Yields a list for the sources of flows with a wrong result.

    The last one is the smallest, and is kept beside the feature flows.
    """
    problems: list[str] = []
    yield problems
    if problems:
        name = f"found_{hashlib.sha256(problems[-1].encode()).hexdigest()[:8]}"
        path = FLOWS["linear"].with_name(f"{name}.py")
        path.write_text(f'"""A random flow that an engine once ran wrong."""\n\n{problems[-1]}')
        print(
            f"kept as {path}: write down what it must do in tests/runtime_shim/local/test_feature_flows.py, and run `make golden`"
        )
