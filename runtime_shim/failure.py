"""What a failed attempt leaves: a traceback of the user's own lines, and an object in the datastore that says what happened."""

from __future__ import annotations

import os
import sys
import time

from . import address, record
from .store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


def user_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, without the shim's own frames above the user's code."""
    import traceback

    made = traceback.TracebackException(type(error), error, error.__traceback__)
    stack = list(made.stack)
    first = next((position for position, frame in enumerate(stack) if not os.path.abspath(frame.filename).startswith(_OWN)), 0)
    made.stack = traceback.StackSummary.from_list(stack[first:])
    return "".join(made.format())


def print_traceback(error: BaseException) -> None:
    sys.stdout.flush()
    print(user_traceback(error), end="", file=sys.stderr, flush=True)


def write(store: Store, flow: str, run: str, step: str, path: str, attempt: int, error: BaseException, started: float) -> None:
    """Writes `STEP/PATH.ATTEMPT.failure.json`, replacing one of an earlier try at the same attempt."""
    text = user_traceback(error)
    kind = type(error)
    data: Dict[str, Any] = {
        "version": record.VERSION, "step": step, "path": path, "attempt": attempt, "started": started, "time": time.time(),
        "type": f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", ""), "message": str(error), "traceback": text,
    }  # fmt: skip
    store.put(address.task_name(flow, run, step, path, f"{attempt}.failure.json"), record.dumps(data))


def read(store: Store, flow: str, run: str, step: str, path: str, attempt: int) -> Dict[str, Any]:
    """Returns what `write` wrote; an empty dict if the attempt left nothing, because its process was killed."""
    name = address.task_name(flow, run, step, path, f"{attempt}.failure.json")
    data = store.get(name)
    return {} if data is None else record.loads(data, name)


def names(store: Store, flow: str, run: str) -> List[str]:
    """The objects of all failures of the run."""
    return [name for name in store.list(address.run_name(flow, run)) if name.endswith(".failure.json")]
