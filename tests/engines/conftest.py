"""The engines, each started once a session by whoever asks first. A missing part is built or installed; what cannot be had fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.s3_server import S3Server, s3_server

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
