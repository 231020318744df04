"""The engines, each started once a session by whoever asks first. A missing part is built or installed; what cannot be had fails."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.s3_server import S3Server, s3_server

from .airflow import Airflow
from .argo import Argo, prepare
from .kubernetes.node import ADDRESS, Node


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    with Node() as made:
        yield made


@pytest.fixture(scope="session")
def store(node: Node) -> Iterator[S3Server]:
    """A datastore that pods reach."""
    with s3_server(ADDRESS) as made:
        prepare(node, made)
        yield made


@pytest.fixture(scope="session")
def argo(node: Node, store: S3Server) -> Argo:
    return Argo(node, store)


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    python = os.environ.get("FLOWC_AIRFLOW_PYTHON")
    assert python, "FLOWC_AIRFLOW_PYTHON names no interpreter with Airflow: run `make test`, which installs one"
    made = Airflow(python, tmp_path_factory.mktemp("airflow"))
    made.call("-m", "airflow", "db", "migrate")
    yield made
