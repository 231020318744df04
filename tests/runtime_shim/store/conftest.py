"""Servers of the clouds' protocols, one of each for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import object_stores


@pytest.fixture(scope="session")
def gs() -> Iterator[dict[str, str]]:
    with object_stores.gcs() as environment:
        yield environment


@pytest.fixture(scope="session")
def az() -> Iterator[dict[str, str]]:
    with object_stores.azure() as environment:
        yield environment
