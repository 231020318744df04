"""docs/runs.md shows what flowc prints."""

from __future__ import annotations

from tests.support.runs_page import session, shown


def test_the_session() -> None:
    assert shown() == session(), "record it anew: python -m tests.support.runs_page"
