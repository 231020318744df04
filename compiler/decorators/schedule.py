"""`@schedule(cron=None, weekly=False, daily=True, hourly=False, timezone=None)`: when runs of the flow start.

If several are given, the first in the order cron, weekly, hourly, daily counts (Metaflow's documentation, schedule).
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
    """The times at which runs of the flow start."""

    cron: Cron
    timezone: str  # of the IANA database; "UTC" if none was given


def read(decorator: Decorator) -> Schedule | None:
    """Returns the decorator's values as a record, or None if they name no time. Its check has accepted them."""
    attributes = decorator.attributes
    text = attributes["cron"] or next((cron for name, cron in _PRESETS if attributes[name]), None)
    return Schedule(parse(str(text)), str(attributes["timezone"] or "UTC")) if text else None


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    cron = decorator.attributes["cron"]
    if cron is not None:
        try:
            if not isinstance(cron, str):
                raise BadCron("it must be text with five or six fields")
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
            "it must be the name of a time zone in the IANA database",
            "write a name such as `'Europe/Berlin'`",
        )


def _is_timezone(value: Value) -> bool:
    """Checks only the form, since the zones that exist differ from machine to machine."""
    if not isinstance(value, str) or not value or len(value) > 64:
        return False
    return all(
        part
        and part[0].isalpha()
        and all(character.isascii() and (character.isalnum() or character in "_+-") for character in part)
        for part in value.split("/")
    )
