"""Objects fetched before they are asked for, in threads of their own: what a task will need is known before it can say so."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

AT_ONCE = 16  # requests


class _Pending:
    def __init__(self) -> None:
        self.done = allocate_lock()
        self.done.acquire()
        self.result: Any = None
        self.error: Any = None


class Ahead:
    """Each name that was started is waited for by the first who asks; everybody else fetches anew."""

    def __init__(self, fetch: Callable[[Any], Any]) -> None:
        self.fetch = fetch
        self._lock = allocate_lock()
        self._pending: Dict[Any, _Pending] = {}
        self._waiting: Dict[Any, None] = {}  # in order
        self._running = 0

    def start(self, keys: List[Any]) -> None:
        with self._lock:
            new = [each for each in keys if each not in self._pending]
            for each in new:
                self._pending[each] = _Pending()
            self._waiting.update(dict.fromkeys(new))
            more = min(AT_ONCE - self._running, len(new))
            self._running += more
        for number in range(more):
            try:
                start_new_thread(self._work, ())
            except RuntimeError:  # no more threads to be had
                with self._lock:
                    self._running -= more - number
                    if not self._running:  # then nobody would come for them
                        for each in self._waiting:
                            self._pending.pop(each, None)
                        self._waiting = {}
                return

    def get(self, key: Any) -> Any:
        """Returns what `fetch(key)` gives, or raises what it raises."""
        with self._lock:
            pending = self._pending.pop(key, None)
            if pending is not None and key in self._waiting:  # no thread has come to it
                del self._waiting[key]
                pending = None
        if pending is None:
            return self.fetch(key)
        pending.done.acquire()
        if pending.error is not None:
            raise pending.error
        return pending.result

    def forget(self, key: Any) -> None:
        """What was fetched is not true any more."""
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
