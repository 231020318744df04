"""The last line of an attempt that fails, for the engine: Kubernetes keeps what a container writes to its termination log (core/v1, Container)."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

LOG = "/dev/termination-log"
_LONGEST = (
    1024  # characters; Kubernetes keeps 4096 bytes of a container, and Argo each task's in the status of the workflow
)


def describe(error: BaseException, attempt: int, attempts: int) -> str:
    """Returns a line such as `ZeroDivisionError: division by zero (train.py:18, attempt 2 of 4)`.

    >>> describe(ValueError("bad"), 1, 1)
    'ValueError: bad'
    """
    said = str(error)
    text = f"{type(error).__qualname__}: {said}" if said else type(error).__qualname__
    facts = [_line(error), f"attempt {attempt} of {attempts}" if attempts > 1 else ""]
    known = ", ".join(filter(None, facts))
    ending = f" ({known})" if known else ""
    return _shortened(text, _LONGEST - len(ending)) + ending


def write(line: str, place: Optional[str] = None) -> None:
    """Writes the line where the engine looks for it; does nothing outside of a container of Kubernetes."""
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
    """The last line of the user's own code that the error came through, as FILE:LINE; "" if there is none."""
    from .failure import is_own

    found = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not is_own(file) and not file.startswith("<"):
            found = f"{os.path.basename(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _shortened(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
