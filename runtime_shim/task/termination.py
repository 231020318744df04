"""The last line of a failed attempt, for the engine.

Kubernetes keeps what a container writes to its termination log (core/v1, Container).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

LOG = "/dev/termination-log"
_LONGEST = 1024  # characters; Kubernetes keeps 4096 bytes per container, and Argo every task's in the workflow's status


def describe(error: BaseException, attempt: int, attempts: int) -> str:
    """Returns a line such as `ZeroDivisionError: division by zero (train.py:18, attempt 2 of 4)`.

    >>> describe(ValueError("bad"), 1, 1)
    'ValueError: bad'
    """
    message = str(error)
    text = f"{type(error).__qualname__}: {message}" if message else type(error).__qualname__
    facts = [_line(error), f"attempt {attempt} of {attempts}" if attempts > 1 else ""]
    details = ", ".join(filter(None, facts))
    ending = f" ({details})" if details else ""
    return _shortened(text, _LONGEST - len(ending)) + ending


def write(line: str, place: Optional[str] = None) -> None:
    """Writes the line where the engine looks for it. Does nothing outside of a Kubernetes container."""
    try:
        file = os.open(place or os.environ.get("FLOWC_TERMINATION_LOG") or LOG, os.O_WRONLY | os.O_TRUNC)
    except OSError:
        return
    try:
        os.write(file, _shortened(line, _LONGEST).encode("utf-8", "replace"))
    except OSError:
        pass
    finally:
        os.close(file)


def _line(error: BaseException) -> str:
    """Returns FILE:LINE of the last of the user's own lines that the error passed through; "" if there is none."""
    from .failure import is_own

    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not is_own(file) and not file.startswith("<"):
            place = f"{os.path.basename(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _shortened(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
