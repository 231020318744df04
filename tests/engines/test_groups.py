"""Tests that share an engine run in one process of pytest."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("itself")
def test_groups_are_kept(request: pytest.FixtureRequest) -> None:
    """pytest-xdist must know the release of pytest.

    Otherwise every process would start its own node, and wait for the others.
    """
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@itself")
