"""The engines, each started once a session by whoever asks first. A missing part is built or installed; what cannot be had fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.s3_server import S3Server, s3_server

from .ahead import Ahead, Engine, Scenario
from .airflow import Airflow
from .airflow_tasks import Pods, Processes
from .argo import Argo, Images
from .cases import MARKS, Case
from .deploying import Outcome
from .kubernetes.node import ADDRESS, Node
from .report import PROPERTY, Record, row
from .step_functions import StepFunctions, step_functions

FIXTURES = {"argo": "argo", "step-functions": "aws", "airflow": "processes", "airflow-pods": "pods"}


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    with Node() as started:
        yield started


@pytest.fixture(scope="session")
def images(node: Node) -> Iterator[Images]:
    """Yields the images, with a datastore that pods can reach."""
    with s3_server(ADDRESS) as server:
        yield Images(node, server)


@pytest.fixture(scope="session")
def argo(images: Images) -> Argo:
    return Argo(images)


@pytest.fixture(scope="session")
def aws() -> Iterator[StepFunctions]:
    with step_functions() as server:
        yield server


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    python = os.environ.get("FLOWC_AIRFLOW_PYTHON")
    assert python, "FLOWC_AIRFLOW_PYTHON names no interpreter with Airflow: run `make test`, which installs one"
    with Airflow(python, tmp_path_factory.mktemp("airflow")) as started:
        yield started


@pytest.fixture(scope="session")
def processes(airflow: Airflow, s3: S3Server) -> Processes:
    return Processes(airflow, s3)


@pytest.fixture(scope="session")
def pods(airflow: Airflow, images: Images) -> Pods:
    return Pods(airflow, images)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this session have."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def ahead(request: pytest.FixtureRequest) -> Iterator[Ahead]:
    """The cases and scenarios of this session, some begun before their test."""

    def engine(name: str) -> Engine:
        started: Engine = request.getfixturevalue(FIXTURES[name])
        return started

    values = [
        value for item in request.session.items if hasattr(item, "callspec") for value in item.callspec.params.values()
    ]
    begun = Ahead([value for value in values if isinstance(value, (Case, Scenario))], engine)
    yield begun
    begun.stop()


@pytest.fixture(autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """The first test on the node begins all runs there, and those that wait for a task to die do so beside them."""
    if request.node.get_closest_marker("node"):
        ahead = request.getfixturevalue("ahead")
        for name, mark in MARKS.items():
            if mark == "node":
                ahead.begin(name)


@pytest.fixture
def record(record_property: pytest.FixtureRequest) -> Record:
    """Records a run for the table."""

    def write(case: Case, outcome: Outcome | str) -> None:
        record_property(PROPERTY, row(case, outcome))  # type: ignore[operator]

    return write
