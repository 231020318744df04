"""Limits how often a loop may go round on an engine with such a limit."""

from __future__ import annotations

from ..contract import address
from ..contract.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


def check(step: str, path: str, environment: Mapping[str, str]) -> None:
    """Raises UsageError for a visit of a loop that exceeds the limit."""
    most = int(environment["FLOWC_MAX_VISITS"])
    if address.visit(path) >= most:
        raise UsageError(
            f"step {step} has chosen itself {most} times, but the spec allows {most} visits of its loop: "
            "compile the flow with a greater --max-visits, if the engine allows more, or loop inside the step"
        )
