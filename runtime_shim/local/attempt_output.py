"""The output of one attempt in a local run, from the attempt's pipes, as lines to show and as a log."""

from __future__ import annotations

import os
from typing import Callable, Dict

from ..contract.logs import Writer
from ..store import Store
from ..store.folder import FolderStore


class AttemptOutput:
    """The reading ends of one attempt's open pipes, `stdout` and `stderr`. `on_line` gets each line, decoded."""

    def __init__(self, pipes: Dict[str, int], on_line: Callable[[str], None]) -> None:
        self.pipes, self.on_line = pipes, on_line
        self._log = Writer()
        self._partial = dict.fromkeys(pipes, b"")  # lines that have not ended yet
        self._size = 0  # bytes of the log that are in the datastore
        self.is_published = True  # no output since the last publish

    @property
    def log(self) -> bytes:
        return self._log.data()

    def publish(self, store: Store, name: str, whole: bool = False) -> None:
        """Writes the log so far, or the complete log with `whole`. Raises StoreError."""
        log = self._log.data() if whole else self._log.ended_lines()
        if len(log) > self._size:
            if self._size and isinstance(store, FolderStore):
                store.append(name, log[self._size :])
            else:  # an earlier try at the same attempt may have left a log
                store.put(name, log)
            self._size = len(log)
        self.is_published = True

    def read(self, stream: str) -> bool:
        """Reads up to 64 KiB of the available output. Returns False if there is none now, or no more at all."""
        if stream not in self.pipes:
            return False
        try:
            data = os.read(self.pipes[stream], 65536)
        except BlockingIOError:
            return False
        if not data:
            self.close(stream)
            return False
        self._log.add(stream, data)
        self.is_published = False
        *lines, self._partial[stream] = (self._partial[stream] + data).split(b"\n")
        for line in lines:
            self.on_line(line.decode("utf-8", "replace"))
        return True

    def drain(self, stream: str) -> None:
        """Reads the rest and closes the pipe, which a surviving child of the attempt may keep open for ever."""
        if stream in self.pipes:
            os.set_blocking(self.pipes[stream], False)
            while self.read(stream):
                pass
            self.close(stream)

    def close(self, stream: str) -> None:
        if stream in self.pipes:
            if self._partial[stream]:
                self.on_line(self._partial[stream].decode("utf-8", "replace"))
                self._partial[stream] = b""
            os.close(self.pipes.pop(stream))
