"""Times before which files must have been uploaded, as `--exclude-newer` takes them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def moment(text: str) -> datetime:
    """Returns the time that a date or a time (ISO 8601) means, in UTC by default. A date includes its day.

    uv takes a date as one of this machine's time zone, so that two machines would give two locks. It takes durations
    too, with which a lock would depend on the day. Raises ValueError for anything else than a date or a time.

    >>> moment("2026-05-01").isoformat(), moment("2026-05-01T12:00:00+02:00").isoformat()
    ('2026-05-02T00:00:00+00:00', '2026-05-01T10:00:00+00:00')
    """
    from datetime import datetime, timedelta, timezone

    time = datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text)
    if len(text) == len("2026-05-01"):
        time += timedelta(days=1)
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def until(text: str) -> tuple[str, ...]:
    """Returns the options of uv that ignore later files; none for ""."""
    return ("--exclude-newer", moment(text).strftime("%Y-%m-%dT%H:%M:%SZ")) if text else ()
