"""The table of what ran: flow, engine, delivery, seconds, tasks. Printed at the end of a session, and written with `--report FILE`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from .cases import Case
from .deploying import Outcome

Record = Callable[[Case, "Outcome | str"], None]
PROPERTY = "run on an engine"
HEAD = ("flow", "engine", "delivery", "seconds", "tasks")


def row(case: Case, outcome: Outcome | str) -> list[str]:
    name = case.flow + ("" if case.given == "{}" else " " + case.given[:20])
    if isinstance(outcome, str):
        return [name, case.engine, case.delivery, outcome, ""]
    return [name, case.engine, case.delivery, f"{outcome.seconds:.0f}", str(outcome.tasks or "")]


def table(reports: Iterable[Any]) -> str:
    """Markdown of what was recorded; "" if nothing was."""
    rows = sorted({tuple(value) for report in reports for name, value in report.user_properties if name == PROPERTY})
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [HEAD, ["---"] * len(HEAD), *rows]) if rows else ""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report", metavar="FILE", help="write the table of runs on engines to FILE")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    text = table(
        report
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, [])
        if hasattr(report, "user_properties")
    )
    where = config.getoption("--report")
    if text and where:
        Path(where).write_text(text + "\n")
        terminalreporter.write_line(f"runs on engines: see {where}")
