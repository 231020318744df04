"""`profile(label, stats_dict=None)`: measures how long a block takes."""

from __future__ import annotations

import time
from contextlib import ContextDecorator
from typing import Any, Dict, Optional


class profile(ContextDecorator):
    """A context manager and function decorator that measures time.

    It adds its milliseconds to `stats_dict[label]`, or prints two lines if there is no `stats_dict`.
    """

    def __init__(self, label: str, stats_dict: Optional[Dict[str, int]] = None) -> None:
        self.label, self.stats = label, stats_dict

    def _recreate_cm(self) -> profile:
        return profile(self.label, self.stats)  # each call has its own time

    def __enter__(self) -> None:
        if self.stats is None:
            print(f"PROFILE: {self.label} starting")
        self._start = time.time()

    def __exit__(self, *_: Any) -> None:
        took = int((time.time() - self._start) * 1000)
        if self.stats is None:
            print(f"PROFILE: {self.label} completed in {took}ms")
        else:
            self.stats[self.label] = self.stats.get(self.label, 0) + took
