"""A local run of any flow executes exactly the tasks that the reference says, each once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flowc.compiler.ir import Flow
from hypothesis import HealthCheck, given, settings

from tests.reference import executed as wanted
from tests.running import executed, run
from tests.strategies import flows, source_of


@given(flows())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_run_executes_what_the_reference_says(flow: Flow) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "flow.py"
        path.write_text(source_of(flow))
        run(path, Path(name) / "store", "--quiet")
        assert executed(Path(name) / "store") == wanted(flow)
