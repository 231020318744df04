r"""Logs: the output of an attempt, line by line, with stream and time.

The format is that of container runtimes (Kubernetes, CRI logging format):

    2026-01-02T03:04:05.678901Z stdout F a whole line
    2026-01-02T03:04:05.679012Z stderr P the beginning of a line

`P` marks a piece without the end of its line. The bytes after the third space are those that were printed.

    >>> writer = Writer()
    >>> writer.add("stdout", b"one\ntw", 1.5), writer.add("stderr", b"oh\n", 2), writer.add("stdout", b"o\n", 3)
    (None, None, None)
    >>> log = Log(writer.data())
    >>> log.data("stdout"), log.data("stderr"), list(log.lines("stdout"))
    (b'one\ntwo\n', b'oh\n', [(1.5, b'one'), (1.5, b'two')])
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Dict, List, Optional, Tuple

KEPT = 16 << 20  # bytes of an attempt's output that are kept; the rest is only passed on
CUT = b"... output beyond 16 MiB was not kept ..."
STREAMS = ("stdout", "stderr")


class Writer:
    """Collects what an attempt prints."""

    def __init__(self) -> None:
        self._parts: List[bytes] = []
        self._size = 0
        self._open: Dict[str, bytes] = {}  # stream → the beginning of a line
        self._since: Dict[str, float] = {}
        self._second = -1
        self._clock = ""

    def add(self, stream: str, data: bytes, now: Optional[float] = None) -> None:
        """Adds bytes that were printed to `stdout` or `stderr`."""
        if self._size >= KEPT or not data:
            return
        if now is None:
            now = time.time()
        self._size += len(data)
        before = self._open.pop(stream, b"")
        first = self._since.get(stream, now) if before else now
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = before + lines[0]
            head = self._head(stream, first)
            self._parts.append(head + lines[0] + b"\n")
            if len(lines) > 1:
                head = self._head(stream, now)
                self._parts += [head + line + b"\n" for line in lines[1:]]
            before, first = b"", now
        if before or rest:
            self._open[stream], self._since[stream] = before + rest, first
        if self._size >= KEPT:
            self._parts.append(self._head("stderr", now) + CUT + b"\n")

    def ended_lines(self) -> bytes:
        """Returns the log so far, without unfinished lines. Later output is only appended to it."""
        return b"".join(self._parts)

    def data(self) -> bytes:
        """Returns the log; empty if nothing was printed."""
        ends = [
            self._head(stream, self._since[stream])[:-2] + b"P " + text + b"\n"
            for stream, text in sorted(self._open.items())
        ]
        return b"".join([*self._parts, *ends])

    def _head(self, stream: str, now: float) -> bytes:
        second = int(now)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._clock}.{int((now - second) * 1e6):06d}Z {stream} F ".encode()


class Log:
    """Reads a log."""

    def __init__(self, data: bytes) -> None:
        self.raw = data

    def entries(self) -> Iterator[Tuple[float, str, bytes]]:
        """Yields (seconds since the epoch, stream, printed bytes, with the end of the line if it had one)."""
        lines = self.raw.split(b"\n")
        for line in lines[:-1]:
            parts = line.split(b" ", 3)
            if len(parts) == 4 and parts[2] in (b"F", b"P") and parts[0].endswith(b"Z"):
                text = parts[3] + b"\n" if parts[2] == b"F" else parts[3]
                yield _seconds(parts[0]), parts[1].decode(), text
            else:  # not written by `Writer`
                yield 0.0, "stdout", line + b"\n"
        if lines[-1]:
            yield 0.0, "stdout", lines[-1]

    def data(self, stream: str) -> bytes:
        """Returns the bytes that were printed to the stream."""
        return b"".join(text for _, of, text in self.entries() if of == stream)

    def lines(self, stream: str) -> Iterator[Tuple[float, bytes]]:
        """Yields (seconds since the epoch, line without its end)."""
        for seconds, of, text in self.entries():
            if of == stream:
                yield seconds, text[:-1] if text.endswith(b"\n") else text


def _seconds(stamp: bytes) -> float:
    """Converts `2026-01-02T03:04:05.678901Z` to seconds since the epoch."""
    import calendar

    text = stamp.decode()
    year, month, day, hour, minute, second = (int(text[at : at + (2 if at else 4)]) for at in (0, 5, 8, 11, 14, 17))
    return calendar.timegm((year, month, day, hour, minute, second, 0, 0, 0)) + float("0" + text[19:-1])
