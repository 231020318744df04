"""What one attempt of a local run prints, as the supervisor takes it from the attempt's pipe: lines for who watches, bytes for the log."""

from __future__ import annotations

import os
from typing import Callable, List

KEPT = 16 << 20  # bytes of an attempt's output that become its log


class AttemptOutput:
    """The reading end of one attempt's pipe. `on_line` gets each line, decoded."""

    def __init__(self, descriptor: int, on_line: Callable[[str], None]) -> None:
        self.descriptor, self.on_line = descriptor, on_line
        self.open = True
        self._log: List[bytes] = []
        self._size = 0
        self._partial = b""  # a line that has not ended yet

    @property
    def log(self) -> bytes:
        return b"".join(self._log)

    def read(self) -> bool:
        """Takes what there is, at most 64 KiB; False when there is nothing now, or nothing more."""
        if not self.open:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return False
        if not data:
            self.close()
            return False
        if self._size < KEPT:
            self._log.append(data)
            self._size += len(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self.on_line(line.decode("utf-8", "replace"))
        return True

    def drain(self) -> None:
        """Takes the rest and closes; a child of the attempt's own that lives on may keep the pipe open for ever."""
        if self.open:
            os.set_blocking(self.descriptor, False)
            while self.read():
                pass
            self.close()

    def close(self) -> None:
        if self.open:
            if self._partial:
                self.on_line(self._partial.decode("utf-8", "replace"))
                self._partial = b""
            os.close(self.descriptor)
            self.open = False
