"""`@timeout`: raises an exception in the user's code when its time is up (docs/shim.md, Retries, catch, timeout)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Deadline:
    """A context manager that raises TimeoutException after `seconds`; 0 for no limit. For a process's main thread."""

    def __init__(self, step: str, seconds: float) -> None:
        self.step, self.seconds = step, seconds

    def __enter__(self) -> None:
        if not self.seconds:
            return
        import signal
        import threading

        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "_before"):
            import signal

            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, _number: int, _frame: Any) -> None:
        from ..exceptions import TimeoutException

        hours, rest = divmod(int(self.seconds), 3600)
        minutes, seconds = divmod(rest, 60)
        raise TimeoutException(f"Step {self.step} timed out after {hours} hours, {minutes} minutes, {seconds} seconds")
