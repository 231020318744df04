"""`options={"reset_at": {"cron": …, "timezone": …}}` of the triggers: when events that came alone are forgotten."""

from __future__ import annotations

from flowc.compiler.rules.cron import BadCron, parse

from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Value
    from flowc.compiler.report.diagnostics import Diagnostic


def reset_of(decorator: Decorator) -> tuple[str, str] | None:
    """Returns the cron text and the time zone, or None. The decorator's check has accepted them."""
    reset = _reset(decorator)
    if not isinstance(reset, dict) or not reset.get("cron"):
        return None
    return str(reset["cron"]), str(reset.get("timezone") or "UTC")


def wrong_reset(decorator: Decorator) -> Iterator[Diagnostic]:
    """Yields a diagnostic for a `reset_at` that names no times."""
    reset = _reset(decorator)
    if not reset:
        return
    try:
        cron = reset.get("cron") if isinstance(reset, dict) else None
        if not isinstance(cron, str):
            raise BadCron("`reset_at` must be a dictionary with `cron`, and may have `timezone`")
        parse(cron)
    except BadCron as error:
        how = "write `options={'reset_at': {'cron': '0 0 * * *', 'timezone': 'UTC'}}`"
        yield value_error(decorator, "options", str(error), how)


def _reset(decorator: Decorator) -> Value:
    options = decorator.attributes["options"]
    return options.get("reset_at") if isinstance(options, dict) else None
