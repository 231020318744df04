"""A foreach of 100,000 items, and one of 300 in one of 300, on each engine, in few containers (`make nightly`).

FLOWC_WIDTH and FLOWC_ROWS are other numbers, to try it out. The flows check their result themselves: what 100,000 tasks
have left is not read back, only counted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.contract.address import run_name

from benchmarks.optimizer_flows import fold, nested
from tests.support.s3_server import BUCKET, S3Server

from .airflow_tasks import Processes
from .airflow_tasks import run as run_on_airflow
from .argo import Argo
from .deploying import PREFIX, Outcome
from .step_functions import StepFunctions

WIDTH = int(os.environ.get("FLOWC_WIDTH") or 100_000)
ROWS = int(os.environ.get("FLOWC_ROWS") or 300)
PATIENCE = 4 * 3600  # seconds: a server of S3 in Python takes most of the time of so many short tasks
ENGINES = [
    pytest.param("argo", marks=pytest.mark.node),
    pytest.param("step-functions", marks=pytest.mark.engine),
    pytest.param("airflow", marks=pytest.mark.engine),
]
pytestmark = [pytest.mark.nightly]


@dataclass(frozen=True)
class On:
    """An engine that runs a flow in few containers."""

    engine: Any
    s3: S3Server

    def run(self, flow: Path) -> Outcome:
        """Compiles with `--optimize`, deploys, runs, and waits."""
        outcome: Outcome
        if isinstance(self.engine, Argo):
            outcome = self.engine.wait(self.engine.start(self.engine.deploy(flow, "optimized")), PATIENCE)
        elif isinstance(self.engine, StepFunctions):
            outcome = self.engine.wait(self.engine.start(self.engine.deploy(flow, "optimized")[1]), PATIENCE)
        else:
            assert isinstance(self.engine, Processes)
            dag = self.engine.compiled(flow, "optimized").only("_dag.py")
            outcome = run_on_airflow(self.engine.airflow, dag, {}, self.s3.environment, PATIENCE)
        assert outcome.succeeded, outcome.detail
        return outcome

    def tasks(self, flow: str, run: str, step: str) -> int:
        """Returns the number of records of the step."""
        pages = (
            self.s3.client()
            .get_paginator("list_objects_v2")
            .paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/{run_name(flow, run)}{step}/")
        )
        names = (entry["Key"].rpartition("/")[2] for page in pages for entry in page.get("Contents", ()))
        return sum(name.endswith(".json") and _is_path(name[: -len(".json")]) for name in names)


def _is_path(text: str) -> bool:
    return text == "-" or all(part.isdigit() for part in text.split("."))


@pytest.fixture
def on(request: pytest.FixtureRequest) -> On:
    if request.param == "argo":
        argo: Argo = request.getfixturevalue("argo")
        return On(argo, argo.s3)
    if request.param == "step-functions":
        aws: StepFunctions = request.getfixturevalue("aws")
        return On(aws, aws.s3)
    processes: Processes = request.getfixturevalue("processes")
    return On(processes, processes.s3)


@pytest.mark.parametrize("on", ENGINES, indirect=True)
def test_a_wide_foreach(on: On, tmp_path: Path) -> None:
    flow = tmp_path / "wide.py"
    flow.write_text(fold(WIDTH))
    outcome = on.run(flow)
    assert on.tasks("Fold", outcome.run, "train") == WIDTH
    assert outcome.tasks <= 20, outcome.detail


@pytest.mark.parametrize("on", ENGINES, indirect=True)
def test_a_foreach_in_a_foreach(on: On, tmp_path: Path) -> None:
    flow = tmp_path / "nested.py"
    flow.write_text(nested(ROWS))
    outcome = on.run(flow)
    assert on.tasks("Nested", outcome.run, "cell") == ROWS * ROWS
    assert on.tasks("Nested", outcome.run, "join_cells") == ROWS
    assert outcome.tasks <= 20, outcome.detail
