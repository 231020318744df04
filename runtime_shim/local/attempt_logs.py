"""The logs of a supervisor's attempts: read from their pipes, and published while they run and when they end."""

from __future__ import annotations

import os
import selectors
import time
from typing import Dict, Iterable, List, Tuple

from ..contract import address
from ..contract.logs import STREAMS
from ..store import Store
from .running import Running, Task

LOOK, LOOK_REMOTE = 0.3, 5.0  # seconds between two writes of running tasks' logs, to a folder and to an object store


class AttemptLogs:
    """The logs of the attempts of one run. The selector hears of output, with (number of the attempt, stream)."""

    def __init__(self, store: Store, flow: str, run: str, selector: selectors.BaseSelector) -> None:
        self.store, self.flow, self.run, self.selector = store, flow, run, selector
        self.next_look = time.monotonic() + LOOK  # time of the next publishing, by the monotonic clock

    def listen(self, one: Running) -> None:
        """Begins to hear of the attempt's output."""
        for stream in STREAMS:
            self.selector.register(one.output.pipes[stream], selectors.EVENT_READ, (one.number, stream))

    def read(self, one: Running, stream: str) -> None:
        """Reads available output, which the selector has heard of."""
        if stream in one.output.pipes:
            descriptor = one.output.pipes[stream]
            one.output.read(stream)
            if stream not in one.output.pipes:
                self.selector.unregister(descriptor)

    def close(self, one: Running) -> None:
        """Reads the rest, and closes the pipes."""
        for stream, descriptor in list(one.output.pipes.items()):
            self.selector.unregister(descriptor)
            one.output.drain(stream)

    def keep(self, one: Running) -> None:
        """Publishes the complete log. Raises StoreError."""
        one.output.publish(self.store, self._name(one.task), whole=True)

    def is_time(self) -> bool:
        """Returns True if running tasks' logs should be published now."""
        return time.monotonic() >= self.next_look

    def publish(self, running: Iterable[Running]) -> None:
        """Publishes what these tasks have printed so far, for those who follow the log. Raises StoreError."""
        began = time.monotonic()
        for one in running:
            if not one.output.is_published:
                one.output.publish(self.store, self._name(one.task))
        took = time.monotonic() - began
        self.next_look = began + max(LOOK_REMOTE if self.store.remote else LOOK, 20 * took)

    def _name(self, task: Task) -> str:
        step, path, attempt = task
        return address.task_name(self.flow, self.run, step, path, f"{attempt}.log")


def pipes() -> Tuple[Dict[str, int], List[int]]:
    """Makes the pipes of an attempt's output. Returns their reading ends by stream, and their writing ends in order."""
    ends = {stream: os.pipe() for stream in STREAMS}
    return {stream: pair[0] for stream, pair in ends.items()}, [ends[stream][1] for stream in STREAMS]
