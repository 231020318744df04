"""What a container with several tasks reports: how control left the part of the flow that it has run (docs/shim.md)."""

from __future__ import annotations

from ..contract import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..contract.record import Outcome, Record
    from ..local.part import Part
    from .arguments import Several


def outcome_of(part: Part, last: Record, several: Several, is_chunk: bool) -> Outcome:
    """Returns the outcome of the part after `last`, the last of its tasks."""
    if is_chunk or not last.next:
        return {}
    if last.splits is not None:
        return several.divided(last.path, last.outcome(switch=False))
    if part.graph.kind(last.step) == "switch" or (part.graph.kind(last.step) == "linear" and len(part.exits()) > 1):
        return {"next": last.next[0], "path": address.leave(last.path)}
    return {}
