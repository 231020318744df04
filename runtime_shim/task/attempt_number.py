"""The number of an attempt in the datastore, which names its log and its failure.

No number is used twice for a task.
"""

from __future__ import annotations

from ..contract import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from ..contract.start import Start
    from ..store import Store


def earlier_names(flow: str, run: str, step: str, path: str, start: Start) -> List[str]:
    """Returns the objects that show if the task has run before, for an engine that starts counting again.

    Empty if something else shows it.
    """
    if start.attempt or not start.id or start.goes_on_counting:
        return []
    return [address.task_name(flow, run, step, path, f"0.{suffix}") for suffix in ("failure.json", "log")]


def number(store: Store, flow: str, run: str, step: str, path: str, start: Start) -> int:
    """Returns the attempt's number.

    An engine that keeps counting provides it. Argo and Step Functions start at 0 when a task is requested again.
    """
    if start.goes_on_counting or not (start.request or start.attempt or _has_run(store, flow, run, step, path, start)):
        return start.attempt
    prefix = address.task_name(flow, run, step, path, "")
    numbers = [_number(name[len(prefix) :]) for name in store.list(prefix)]
    return max(start.attempt, max(numbers, default=-1) + 1)


def _has_run(store: Store, flow: str, run: str, step: str, path: str, start: Start) -> bool:
    return any(store.get(name) is not None for name in earlier_names(flow, run, step, path, start))


def _number(suffix: str) -> int:
    """Returns the attempt from an object's name without the path; -1 if it belongs to none."""
    attempt, _, kind = suffix.partition(".")
    return int(attempt) if attempt.isdigit() and kind in ("log", "failure.json") else -1
