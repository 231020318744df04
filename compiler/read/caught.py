"""The artifacts that `@catch` assigns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..ir.nodes import Step


def caught(steps: Iterable[Step]) -> frozenset[str]:
    """Returns the artifacts that `@catch` of the steps assigns."""
    return frozenset(str(each.attributes["var"]) for step in steps for each in step.decorators if each.name == "catch")
