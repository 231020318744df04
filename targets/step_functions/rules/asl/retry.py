"""Rules for retriers and catchers of the Amazon States Language (its section Errors), and for numbers in states."""

from __future__ import annotations

from .paths import reference_path_problem, template_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .paths import Problem

LARGEST = 99999999
ERRORS = frozenset(
    "States." + name
    for name in (
        "ALL", "BranchFailed", "DataLimitExceeded", "ExceedToleratedFailureThreshold", "HeartbeatTimeout",
        "Http.Socket", "IntrinsicFailure", "ItemReaderFailed", "NoChoiceMatched", "ParameterPathFailure", "Permissions",
        "QueryEvaluationError", "ResultPathMatchFailure", "ResultWriterFailed", "Runtime", "TaskFailed", "Timeout",
    )
)  # fmt: skip
_RETRIER = {
    "Comment",
    "ErrorEquals",
    "IntervalSeconds",
    "BackoffRate",
    "MaxAttempts",
    "MaxDelaySeconds",
    "JitterStrategy",
}
_CATCHER = {"Comment", "ErrorEquals", "Next", "ResultPath", "Assign", "Output"}


def retry_problems(retriers: object, place: str) -> Iterator[Problem]:
    """Yields the problems of the field `Retry`."""
    problems: list[Problem] = []
    for retrier, inside in _entries(retriers, place, _RETRIER, problems):
        yield from whole_problem(retrier, "IntervalSeconds", 1, inside)
        yield from whole_problem(retrier, "MaxAttempts", 0, inside)
        yield from whole_problem(retrier, "MaxDelaySeconds", 1, inside, 31622400)
        rate = retrier.get("BackoffRate", 1)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or rate < 1:
            yield f"{inside}.BackoffRate", "must be a number of at least 1"
        interval, longest = retrier.get("IntervalSeconds", 1), retrier.get("MaxDelaySeconds")
        if isinstance(interval, int) and isinstance(longest, int) and longest <= interval:
            yield f"{inside}.MaxDelaySeconds", f"must be greater than IntervalSeconds, {interval}"
        if retrier.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            yield f"{inside}.JitterStrategy", "must be `FULL` or `NONE`"
    yield from problems


def catch_problems(catchers: object, place: str) -> Iterator[Problem]:
    """Yields the problems of the field `Catch`, apart from its targets."""
    problems: list[Problem] = []
    for catcher, inside in _entries(catchers, place, _CATCHER, problems):
        if "Next" not in catcher:
            yield inside, "`Next` is missing"
        if catcher.get("ResultPath") is not None and (problem := reference_path_problem(catcher["ResultPath"])):
            yield f"{inside}.ResultPath", problem
        yield from template_problems(catcher.get("Assign"), f"{inside}.Assign")
    yield from problems


def _entries(
    entries: object, place: str, fields: set[str], problems: list[Problem]
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yields the entries that are objects, with their places. Adds the problems that both kinds share to `problems`."""
    if not isinstance(entries, list):
        problems.append((place, "must be a list"))
        return
    for index, entry in enumerate(entries):
        inside = f"{place}[{index}]"
        if not isinstance(entry, dict):
            problems.append((inside, "must be an object"))
            continue
        problems.extend((f"{inside}.{name}", "is not a valid field here") for name in entry if name not in fields)
        errors = entry.get("ErrorEquals")
        if not isinstance(errors, list) or not errors or not all(isinstance(error, str) for error in errors):
            problems.append((f"{inside}.ErrorEquals", "must be a list of one or more names of errors"))
        else:
            problems.extend(
                (f"{inside}.ErrorEquals", f"there is no error `{error}`") for error in errors if _is_unknown(error)
            )
            if "States.ALL" in errors and (len(errors) > 1 or index < len(entries) - 1):
                problems.append((f"{inside}.ErrorEquals", "`States.ALL` must stand alone, in the last entry"))
        yield entry, inside


def _is_unknown(error: str) -> bool:
    return error.startswith("States.") and error not in ERRORS


def whole_problem(owner: dict[str, Any], name: str, least: int, place: str, most: int = LARGEST) -> Iterator[Problem]:
    """Yields a problem if the field `name` exists and is not a whole number from `least` to `most`."""
    value = owner.get(name, least)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield f"{place}.{name}", f"must be a whole number from {least} to {most}"
