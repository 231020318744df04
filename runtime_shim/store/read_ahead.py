"""Fetches objects before they are requested, in separate threads. A task's needs are known before its code runs."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

AT_ONCE = 16  # most requests at once


class _Pending:
    def __init__(self) -> None:
        self.done = allocate_lock()
        self.done.acquire()
        self.result: Any = None
        self.error: Any = None


class Ahead:
    """Fetches started keys in the background.

    The first caller of `get` waits for the result; later callers fetch anew.
    """

    def __init__(self, fetch: Callable[[Any], Any]) -> None:
        self.fetch = fetch
        self._lock = allocate_lock()
        self._pending: Dict[Any, _Pending] = {}
        self._waiting: Dict[Any, None] = {}  # in order
        self._running = 0

    def start(self, keys: List[Any]) -> None:
        with self._lock:
            new = [key for key in keys if key not in self._pending]
            for key in new:
                self._pending[key] = _Pending()
            self._waiting.update(dict.fromkeys(new))
            more = min(AT_ONCE - self._running, len(new))
            self._running += more
        for number in range(more):
            try:
                start_new_thread(self._work, ())
            except RuntimeError:  # no more threads are available
                with self._lock:
                    self._running -= more - number
                    if not self._running:  # otherwise nobody would fetch them
                        for key in self._waiting:
                            self._pending.pop(key, None)
                        self._waiting = {}
                return

    def get(self, key: Any) -> Any:
        """Returns what `fetch(key)` returns, or raises what it raises."""
        with self._lock:
            pending = self._pending.pop(key, None)
            if pending is not None and key in self._waiting:  # no thread has started on it
                del self._waiting[key]
                pending = None
        if pending is None:
            return self.fetch(key)
        pending.done.acquire()
        if pending.error is not None:
            raise pending.error
        return pending.result

    def forget(self, key: Any) -> None:
        """Discards what was fetched, because it is out of date."""
        with self._lock:
            self._pending.pop(key, None)
            self._waiting.pop(key, None)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                key = next(iter(self._waiting))
                del self._waiting[key]
                pending = self._pending[key]
            try:
                pending.result = self.fetch(key)
            except BaseException as error:
                pending.error = error
            pending.done.release()
