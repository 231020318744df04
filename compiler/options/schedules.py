"""The schedule of a flow (Metaflow's documentation, schedule)."""

from __future__ import annotations

from ..decorators.decorator import record_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..decorators.schedule import Schedule
    from ..ir.nodes import Flow


def schedule_of(flow: Flow) -> Schedule | None:
    """Returns the flow's schedule, or None without one. The decorator's check has accepted its values."""
    return next((record_of(decorator) for decorator in flow.decorators if decorator.name == "schedule"), None)
