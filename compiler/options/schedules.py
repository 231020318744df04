"""When a flow is to be run (Metaflow's documentation, schedule)."""

from __future__ import annotations

from ..decorators.schedule import Schedule, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Flow


def schedule_of(flow: Flow) -> Schedule | None:
    """Returns the flow's schedule, or None without one. The decorator's own check has accepted its values."""
    return next((read(decorator) for decorator in flow.decorators if decorator.name == "schedule"), None)
