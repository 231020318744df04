"""The artifacts that `@catch` assigns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..ir.nodes import Step


def caught(steps: Iterable[Step]) -> frozenset[str]:
    """Returns the artifacts that `@catch` of the steps assigns."""
    from ..decorators.decorator import record_of

    artifacts = (
        record_of(decorator).artifact for step in steps for decorator in step.decorators if decorator.name == "catch"
    )
    return frozenset(artifact for artifact in artifacts if artifact)
