"""The tests' own helpers."""

from __future__ import annotations

import os
import threading

from .running import environment


def test_the_environment_can_be_taken_while_it_changes() -> None:
    """As pytest changes it at each test's begin and end, while runs on engines go on in threads. A plain copy fails with a KeyError."""
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            os.environ["FLOWC_SEEN"] = "x"
            del os.environ["FLOWC_SEEN"]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(3_000):
            assert "FLOWC_SEEN" not in environment("FLOWC_")
            assert environment().get("FLOWC_SEEN", "x") == "x"
    finally:
        stop.set()
        thread.join()
