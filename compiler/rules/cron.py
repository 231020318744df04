"""Cron expressions: five fields as in Unix, or six as in AWS, parsed once and written in each dialect.

Unix counts days of the week from Sunday = 0 (7 is Sunday too); AWS from Sunday = 1, wants `?` in exactly one of the
two day fields, and has a year. Both know names (MON, JAN). Six fields are read as AWS's. Only AWS knows `L` (the last
day of a month, or `6L`, its last Friday), `15W` (the weekday next to the 15th) and `MON#2` (the second Monday).
Sources: crontab(5); Amazon EventBridge, "cron expressions".

    >>> five_fields(parse("0 0 ? * SUN *")), six_fields(parse("*/5 9-17 * * 1-5"))
    ('0 0 * * 0', '*/5 9-17 ? * 2-6 *')
"""

from __future__ import annotations

from ..fast_start.record import record

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
    ("year", 1970, 2199),
)


class BadCron(ValueError):
    """Raised for a text that is not a cron expression; `args[0]` is the reason."""


@record
class Cron:
    """A schedule.

    Fields are in Unix terms: numbers, days of the week from Sunday = 0, `*` for any; with AWS's `L`, `W` and `#` after
    a number.
    """

    minute: str
    hour: str
    day: str
    month: str
    weekday: str
    year: str = "*"


def parse(text: str) -> Cron:
    """Returns the schedule. Raises BadCron."""
    fields = _PRESETS.get(text.strip().lower(), text).split()
    if len(fields) not in (5, 6):
        raise BadCron(f"it has {len(fields)} fields, but a cron expression must have five, or six in AWS's form")
    aws = len(fields) == 6
    if aws and fields[2] == fields[4] == "*":
        fields[4] = "?"  # every day, in either field
    if aws and (fields[2] == "?") == (fields[4] == "?"):
        raise BadCron("in AWS's form with six fields, exactly one of day-of-month and day-of-week must be `?`")
    read = [_field(field, index, aws) for index, field in enumerate(fields)]
    return Cron(*read)


def five_fields(cron: Cron) -> str:
    """Returns the schedule for Unix, Kubernetes, Argo and Airflow.

    Raises BadCron for one that needs a year, or AWS's `L`, `W` or `#`.
    """
    for character in "LW#":
        if character in cron.day or character in cron.weekday:
            raise BadCron(f"`{character}` exists only in EventBridge's cron expressions, not in those with five fields")
    if cron.year != "*":
        raise BadCron("a cron expression with five fields cannot contain a year")
    return f"{cron.minute} {cron.hour} {cron.day} {cron.month} {cron.weekday}"


def six_fields(cron: Cron) -> str:
    """Returns the schedule for AWS.

    Raises BadCron for one that restricts both the day of the month and of the week, which AWS cannot express.
    """
    if cron.day != "*" and cron.weekday != "*":
        raise BadCron("AWS cannot restrict both the day of the month and the day of the week")
    day, weekday = ("?", _aws_weekday(cron.weekday)) if cron.weekday != "*" else (cron.day, "?")
    return f"{cron.minute} {cron.hour} {day} {cron.month} {weekday} {cron.year}"


def _field(text: str, index: int, aws: bool) -> str:
    name, low, high = _FIELDS[index]
    if text == "?":
        if index not in (2, 4):
            raise BadCron(f"`?` cannot be the {name}")
        return "*"
    if index == 4 and aws:
        low = 1
    if index in (2, 4) and (text[-1:] in ("L", "W") or "#" in text):
        return _special(text, name, index, low, high, aws)
    parts = [_part(part, name, index, low, high, aws) for part in text.split(",")]
    return ",".join(dict.fromkeys(word for part in parts for word in part.split(",")))


def _special(text: str, name: str, index: int, low: int, high: int, aws: bool) -> str:
    """Parses `L`, `15W`, `6L` or `MON#2`, each alone in its field."""
    if not aws:
        raise BadCron(
            f"`{text}` is not a valid {name}: `L`, `W` and `#` need AWS's form with six fields, such as `0 12 L * ? *`"
        )
    if text == "L":
        return "L" if index == 2 else "6"  # the last day of AWS's week is Saturday
    first, mark, rest = text.partition("#")
    if mark:
        if index != 4 or rest not in ("1", "2", "3", "4", "5"):
            raise BadCron(
                f"`{text}` is not a valid {name}: `#` must be between a day of the week and a number from 1 to 5"
            )
    else:
        first, mark = text[:-1], text[-1]
        if mark != ("W" if index == 2 else "L"):
            raise BadCron(
                f"`{text}` is not a valid {name}: `15W` is for the day of the month, `6L` for the day of the week"
            )
    return f"{_number(first, name, index, low, high, aws)}{mark}{rest}"


def _part(text: str, name: str, index: int, low: int, high: int, aws: bool) -> str:
    span, slash, step = text.partition("/")
    if slash and not (step.isascii() and step.isdigit() and len(step) < 10 and 0 < int(step) <= high):
        raise BadCron(f"`{text}` is not a valid {name}: `/` must be followed by a number from 1 to {high}")
    if span == "*":
        return text
    first, dash, last = span.partition("-")
    numbers = [_number(bound, name, index, low, high, aws) for bound in ([first, last] if dash else [first])]
    if index == 4:
        return _weekdays(numbers, bool(dash), bool(slash), int(step or 1), text)
    if dash and numbers[0] > numbers[1]:
        raise BadCron(f"`{text}` is not a valid {name}: the range runs backwards")
    shown = "-".join(map(str, numbers))
    return f"{shown}-{high}/{step}" if slash and not dash else shown + slash + step


def _weekdays(numbers: list[int], dash: bool, slash: bool, step: int, text: str) -> str:
    """Parses days of the week, from Sunday = 0. A range that ends on Sunday as 7, or wraps around, becomes a list."""
    if not dash and not slash:
        return str(numbers[0] % 7)
    first, last = numbers[0], (numbers[1] if dash else 6)
    if first > last:
        raise BadCron(f"`{text}` is not a valid day of the week: the range runs backwards")
    if not slash and last <= 6:
        return f"{first}-{last}"
    return ",".join(str(day % 7) for day in range(first, last + 1, step))


def _number(text: str, name: str, index: int, low: int, high: int, aws: bool) -> int:
    names = {3: MONTHS, 4: DAYS}.get(index, ())
    if text.upper() in names:
        return names.index(text.upper()) + (1 if index == 3 else 0)
    if not (text.isascii() and text.isdigit() and len(text) < 10) or not low <= int(text) <= high:
        raise BadCron(
            f"`{text}` is not a valid {name}: it must be from {low} to {high}"
            + (f", or {names[0]} to {names[-1]}" if names else "")
        )
    return int(text) - 1 if index == 4 and aws else int(text)


def _aws_weekday(text: str) -> str:
    for mark in "L#":
        if mark in text:
            number, _, rest = text.partition(mark)
            return f"{int(number) + 1}{mark}{rest}"

    def shifted(part: str) -> str:
        span, slash, step = part.partition("/")
        if span == "*":
            return part
        return "-".join(str(int(part) + 1) for part in span.split("-")) + slash + step

    return ",".join(map(shifted, text.split(",")))
