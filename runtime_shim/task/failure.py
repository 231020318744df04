"""The traces of a failed attempt: a traceback of the user's own lines, and an object with the cause."""

from __future__ import annotations

import os
import sys
import time

from ..contract import address, record
from ..contract.errors import DamagedError
from ..contract.semantics import NO_OTHER_ATTEMPT
from ..store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

DEATH = "ProcessEnded"  # `type` of a failure without an exception of the user's
SILENT = (
    "its container ended without reporting why: it was killed (perhaps it ran out of memory, or its node went down), "
    "or its process ended itself by a signal or an exit"
)
_LAST, _LAST_LINES = 16 << 10, 20  # last bytes and lines of the log that are kept with it
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # the shim


def forbids_retry(status: int) -> bool:
    """Returns True if a process ended with the exit code that forbids a retry. `status` is that of `os.wait`."""
    return os.waitstatus_to_exitcode(status) == NO_OTHER_ATTEMPT


def exit_code(error: BaseException) -> int:
    """Returns the exit code of a task whose step raised the error: 1, or the one that forbids a retry."""
    forbids = isinstance(error, SystemExit) and error.code == NO_OTHER_ATTEMPT
    return NO_OTHER_ATTEMPT if forbids else 1


def user_traceback(error: BaseException) -> str:
    """Returns the traceback as Python prints it, without the shim's own frames above and below the user's code."""
    import traceback

    formatted = traceback.TracebackException(type(error), error, error.__traceback__)
    stack = list(formatted.stack)
    first = next((position for position, frame in enumerate(stack) if not is_own(frame.filename)), 0)
    last = next(
        (len(stack) - position for position, frame in enumerate(reversed(stack)) if not is_own(frame.filename)),
        len(stack),
    )
    formatted.stack = traceback.StackSummary.from_list(stack[first:last])
    return "\n".join(map(_plain, "".join(formatted.format()).split("\n")))


def _plain(line: str) -> str:
    """Returns the line, without the module if it names one of flowc's own exceptions."""
    if not line.startswith("flowc.runtime_shim."):
        return line
    kind, colon, rest = line.partition(":")
    return kind.rpartition(".")[2] + colon + rest


def is_own(file: str) -> bool:
    """Returns True for a file of the shim."""
    return os.path.abspath(file).startswith(_OWN)


def print_traceback(error: BaseException) -> None:
    sys.stdout.flush()
    print(user_traceback(error), end="", file=sys.stderr, flush=True)


def write(
    store: Store, flow: str, run: str, step: str, path: str, attempt: int, error: BaseException, started: float
) -> None:
    """Writes `STEP/PATH.ATTEMPT.failure.json`, replacing one of an earlier try at the same attempt."""
    text = user_traceback(error)
    kind = type(error)
    data: Dict[str, Any] = {
        "version": record.VERSION, "step": step, "path": path, "attempt": attempt, "started": started,
        "time": time.time(),
        "type": f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", ""), "message": str(error),
        "traceback": text,
    }  # fmt: skip
    store.put(address.task_name(flow, run, step, path, f"{attempt}.failure.json"), record.dumps(data))


def write_silent_death(store: Store, flow: str, run: str, task: Tuple[str, str, int]) -> None:
    """Records how an earlier attempt of a task ended, if nothing did because everything was killed with it."""
    step, path, attempt = task
    existing = store.get(address.task_name(flow, run, step, path, f"{attempt}.failure.json"))
    if existing is not None or store.exists(address.record_name(flow, run, step, path)):
        return
    log = store.get(address.task_name(flow, run, step, path, f"{attempt}.log"))
    write_death(store, flow, run, task, SILENT, log or b"", None)


def write_death(
    store: Store, flow: str, run: str, task: Tuple[str, str, int], why: str, log: bytes, started: Optional[float]
) -> None:
    """Records the end of an attempt whose process could not do so itself.

    `log` is its output, the last lines of which are kept.
    """
    from ..contract.logs import Log

    step, path, attempt = task
    lines = [line.decode("utf-8", "replace").rstrip("\n") for _, _, line in Log(log[-_LAST * 4 :]).entries()][
        -_LAST_LINES:
    ]
    data: Dict[str, Any] = {
        "version": record.VERSION, "step": step, "path": path, "attempt": attempt, "started": started,
        "time": time.time(),
        "type": DEATH, "message": why, "traceback": "", "last_lines": lines,
    }  # fmt: skip
    store.put(address.task_name(flow, run, step, path, f"{attempt}.failure.json"), record.dumps(data))


def read(store: Store, flow: str, run: str, step: str, path: str, attempt: int) -> Dict[str, Any]:
    """Returns what `write` wrote.

    Returns an empty dict if the attempt left nothing, because its process was killed, or something that is torn.
    """
    name = address.task_name(flow, run, step, path, f"{attempt}.failure.json")
    data = store.get(name)
    try:
        return {} if data is None else record.loads(data, name)
    except DamagedError:
        return {}


def names(store: Store, flow: str, run: str) -> List[str]:
    """Returns the objects of all failures of the run."""
    return [name for name in store.list(address.run_name(flow, run)) if name.endswith(".failure.json")]
