"""A local run of any flow executes each task of the reference once, with its artifacts, even if tasks fail."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from flowc.compiler.ir.nodes import Flow
from hypothesis import HealthCheck, given, settings

from tests.engines.random_flows import disagreement
from tests.support.reference import expected
from tests.support.running import dump, run
from tests.support.strategies import flows, source_of


@pytest.mark.slow
@given(flows(faults=True))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_run_leaves_what_the_reference_says(flow: Flow) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "flow.py"
        path.write_text(source_of(flow))
        done = run(path, Path(name) / "store", "--quiet", check=False)
        dumped = dump(Path(name) / "store")
        assert not disagreement(dumped, done.returncode == 0, expected(flow)), source_of(flow) + done.stderr
