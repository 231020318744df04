"""When a flow is to be run: the one place that reads `@schedule` (Metaflow's documentation, schedule)."""

from __future__ import annotations

from ..fast_start.record import record
from ..rules.cron import Cron, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Flow

_PRESETS = (("weekly", "0 0 * * 0"), ("hourly", "0 * * * *"), ("daily", "0 0 * * *"))


@record
class Schedule:
    cron: Cron
    timezone: str  # of the IANA database; "UTC" when none was given


def schedule_of(flow: Flow) -> Schedule | None:
    """Returns the flow's schedule, or None without one. The decorator's own check has accepted its values."""
    for decorator in flow.decorators:
        if decorator.name == "schedule":
            given = decorator.attributes
            text = given["cron"] or next((cron for name, cron in _PRESETS if given[name]), None)
            return Schedule(parse(str(text)), str(given["timezone"] or "UTC")) if text else None
    return None
