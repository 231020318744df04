"""`@schedule(cron=None, weekly=False, daily=True, hourly=False, timezone=None)`: when the flow is run.

The first that is given counts, in the order cron, weekly, hourly, daily (Metaflow's documentation, schedule).
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.rules.cron import BadCron, Cron, parse

from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {"cron": None, "weekly": False, "daily": True, "hourly": False, "timezone": None}
_PRESETS = (("weekly", "0 0 * * 0"), ("hourly", "0 * * * *"), ("daily", "0 0 * * *"))


@record
class Schedule:
    """When the flow is run."""

    cron: Cron
    timezone: str  # of the IANA database; "UTC" when none was given


def read(decorator: Decorator) -> Schedule | None:
    """Returns what the decorator says, None where it says no time. Its own check has accepted its values."""
    given = decorator.attributes
    text = given["cron"] or next((cron for name, cron in _PRESETS if given[name]), None)
    return Schedule(parse(str(text)), str(given["timezone"] or "UTC")) if text else None


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    cron = decorator.attributes["cron"]
    if cron is not None:
        try:
            if not isinstance(cron, str):
                raise BadCron("it is text of five or six fields")
            parse(cron)
        except BadCron as error:
            yield value_error(
                decorator,
                "cron",
                str(error),
                "write `minute hour day-of-month month day-of-week`, such as `'0 6 * * *'`",
            )
    timezone = decorator.attributes["timezone"]
    if timezone is not None and not _is_timezone(timezone):
        yield value_error(
            decorator,
            "timezone",
            "it is the name of a time zone of the IANA database",
            "write `'Europe/Berlin'`, for example",
        )


def _is_timezone(value: Value) -> bool:
    """By its form only: which zones exist differs from machine to machine."""
    if not isinstance(value, str) or not value or len(value) > 64:
        return False
    return all(
        part and part[0].isalpha() and all(each.isascii() and (each.isalnum() or each in "_+-") for each in part)
        for part in value.split("/")
    )
