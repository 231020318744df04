"""What shares an engine runs in one process of pytest."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("itself")
def test_groups_are_kept(request: pytest.FixtureRequest) -> None:
    """With a pytest that pytest-xdist does not know yet, every process would start a node of its own, and wait for the others'."""
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@itself")
