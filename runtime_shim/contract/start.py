"""The start of a task by an engine: for which of its runs, as which attempt, and whether an operator requested it.

The rules are in docs/shim.md, Runs and starts.
"""

from __future__ import annotations

from .errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping


def required(environ: Mapping[str, str], name: str) -> str:
    """Returns the variable, which the engine must set. Raises UsageError."""
    value = environ.get(name, "")
    if not value:
        raise UsageError(f"{name} is not set")
    return value


class Start:
    """One start of a task by an engine. Specs of earlier flowc versions give only the attempt."""

    __slots__ = ("attempt", "first", "goes_on_counting", "id", "is_run_unique", "owner", "request", "task")

    def __init__(
        self,
        attempt: int = 0,
        owner: str = "",
        id: str = "",
        request: int = 0,
        first: int = 0,
        goes_on_counting: bool = True,
        task: str = "",
        is_run_unique: bool = False,
    ) -> None:
        self.attempt = attempt  # as the engine counts
        self.owner = owner  # the engine's run, under a name unique among engines; "" if unknown
        self.id = id  # id of this start; "" if the engine may start the same attempt twice by itself
        self.task = task  # the engine's name for the task
        self.request = request  # how often an operator has asked the engine to run part of the run again
        self.first = (
            first  # the attempt that began when an operator last asked for this task, if the engine keeps counting
        )
        self.goes_on_counting = goes_on_counting  # the engine never gives two attempts the same number

        self.is_run_unique = is_run_unique  # a run that is created again in the engine has another id

    @property
    def tries(self) -> int:
        """The number of earlier attempts since an operator last asked for the task.

        `@retry` and `current.retry_count` count them.
        """
        return self.attempt - self.first

    def as_data(self) -> Dict[str, Any]:
        """Returns the part of it that a record keeps."""
        data = {"id": self.id, "task": self.task, "request": self.request, "attempt": self.tries}
        return {name: value for name, value in data.items() if value}

    def asks_again(self, earlier: Mapping[str, Any], attempt: int) -> bool:
        """Returns True if an operator has requested this start since an earlier one.

        The earlier one left `earlier` (`as_data`), and was attempt number `attempt`.

        >>> Start(request=1).asks_again({}, 0), Start().asks_again({"request": 1}, 0)
        (True, False)
        >>> Start(1, first=1).asks_again({}, 0), Start(1).asks_again({}, 0)
        (True, False)
        >>> Start(id="b").asks_again({"id": "a"}, 0), Start(1, id="b").asks_again({"id": "a"}, 0)
        (True, False)
        >>> Start(id="a").asks_again({"id": "a"}, 0)
        False
        """
        request = int(earlier.get("request") or 0)
        if self.request != request:
            return self.request > request
        if self.first > attempt:
            return True
        # an engine that names its starts counts every attempt that it makes by itself: if an attempt comes again,
        # somebody asked for it
        other = (
            bool(self.id)
            and bool(earlier.get("id"))
            and self.id != earlier["id"]
            and self.task == earlier.get("task", "")
        )
        return other and self.tries <= int(earlier.get("attempt") or 0)


def read_start(environment: Mapping[str, str]) -> Start:
    """Returns the start that the variables of a task's environment describe. Raises UsageError."""
    attempt = (
        _whole(environment, "FLOWC_ATTEMPT")
        if environment.get("FLOWC_ATTEMPT")
        else _whole(environment, "AWS_BATCH_JOB_ATTEMPT", 1) - 1
    )
    first = _whole(environment, "FLOWC_FIRST_ATTEMPT")
    if first > attempt:  # Airflow's file and the scheduled task have different numbers of retries
        first = 0
    owner, id, request = (
        environment.get("FLOWC_OWNER", ""),
        environment.get("FLOWC_START", ""),
        _whole(environment, "FLOWC_REQUEST"),
    )
    return Start(
        attempt,
        owner,
        id,
        request,
        first,
        "FLOWC_FIRST_ATTEMPT" in environment or not owner,
        environment.get("FLOWC_TASK", ""),
        environment.get("FLOWC_UNIQUE_RUN") == "1",
    )


def _whole(environment: Mapping[str, str], name: str, default: int = 0) -> int:
    text = environment.get(name, "")
    try:
        return int(text) if text else default
    except ValueError:
        raise UsageError(f"{name} must be a whole number, not {text!r}") from None
