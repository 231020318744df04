"""Lines of an attempt's log for its page: the first and the last ones, those around one, and those that hold a text."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.runtime_shim.store import Store

LINES = 2000  # lines of an attempt's log: from the first ones, and from its end
LONGEST = 20_000  # characters of a line that are shown
BLOCK = 1 << 20  # bytes that are read at a time
HITS = 1000  # lines with the text that are shown
_ESCAPES = re.compile(
    r"\x1b\[[0-9;]*m|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[@-_][0-?]*[ -/]*[@-~]?|[\x00-\x08\x0b-\x1f\x7f]"
)


class Stored:
    """A log in a datastore. A long one is read in blocks, and is never in memory as a whole."""

    def __init__(self, store: Store, name: str, size: int) -> None:
        self._store, self._name, self._size = store, name, size

    def blocks(self) -> Iterator[bytes]:
        """Yields the log in parts that end with a line. Raises ShimError."""
        at, rest = 0, b""
        while at < self._size:
            part = self._store.read_range(self._name, at, min(BLOCK, self._size - at))
            if part is None:
                return
            at += len(part)
            end = part.rfind(b"\n") + 1
            if end:
                yield rest + bytes(memoryview(part)[:end])
                rest = bytes(memoryview(part)[end:])
            else:
                rest += part
        if rest:
            yield rest


def log_of(data: bytes | Stored, most: int = LINES) -> dict[str, Any]:
    """Returns the log of an attempt, with the middle left out if it has more than `most` lines."""
    head = most // 4  # the end says why it failed
    first: list[bytes] = []
    last: list[bytes] = []  # blocks with the last lines
    counts: list[int] = []  # lines of each of these
    count = 0
    for block in _blocks(data):
        lines = _count(block)
        if len(first) < most:
            first += _lines(block, most - len(first))
        last.append(block)
        counts.append(lines)
        count += lines
        while len(last) > 1 and sum(counts[1:]) >= most - head:
            del last[0], counts[0]
    if count <= most:
        return {"lines": _shown(first), "cut": 0}
    end = [line for block in last for line in _lines(block)][head - most :]
    return {"lines": _shown(first[:head] + end), "cut": count - most, "cut_at": head}


def around(data: bytes | Stored, number: int, most: int = LINES) -> dict[str, Any]:
    """Returns the lines around the one with this number; the first line's is 1."""
    count = sum(_count(block) for block in _blocks(data))
    first = max(0, min(number - 1 - most // 2, count - most))
    lines: list[bytes] = []
    at = 0  # lines before the block
    for block in _blocks(data):
        inside = _count(block)
        if at + inside > first and at < first + most:
            lines += _lines(block)[max(0, first - at) : first + most - at]
        at += inside
    return {"lines": _shown(lines), "cut": 0, "first": first + 1}


def find(data: bytes | Stored, text: str, stream: str = "both", most: int = HITS) -> dict[str, Any]:
    """Returns how many lines of a stream hold the text, and the first of them, each with its number.

    Case does not matter, and neither do colours and other control sequences.

    >>> log = b"2026-01-02T03:04:05.5Z stdout F An Error\\n2026-01-02T03:04:06.5Z stdout F fine\\n"
    >>> find(log, "error")
    {'count': 1, 'lines': [[1, 1767323045500, 0, 'An Error']]}
    """
    count = at = 0  # hits, and lines before the block
    hits: list[list[Any]] = []
    for block in _blocks(data) if text else ():
        if not text.isascii() or not block.isascii() or b"\x1b" in block or text.lower().encode() in block.lower():
            whole = block.decode("utf-8", "replace")
            numbers = list(_numbers(bare(whole) if "\x1b" in whole else whole, text, stream))
            shown = numbers[: most - len(hits)]
            lines = _lines(block) if shown else []
            found = _shown([lines[number - 1] for number in shown])
            hits += [[at + number, *line] for number, line in zip(shown, found)]
            count += len(numbers)
        at += _count(block)
    return {"count": count, "lines": hits}


def _numbers(log: str, text: str, stream: str) -> Iterator[int]:
    """Yields the numbers of the lines that hold the text after their time and stream."""
    wanted = re.compile(re.escape(text), re.IGNORECASE)
    number, counted, at = 1, 0, 0
    while (hit := wanted.search(log, at)) is not None:
        begin = log.rfind("\n", 0, hit.start()) + 1
        end = log.find("\n", hit.start())
        end = len(log) if end < 0 else end
        number += log.count("\n", counted, begin)
        counted, at = begin, end + 1
        head, of = _head(log, begin, end)
        if stream in ("both", of) and (hit.start() >= head or wanted.search(log, head, end)):
            yield number
        if at > len(log):
            return


_HEAD = re.compile(r"\S+Z (stdout|stderr) [FP] ")


def _head(log: str, begin: int, end: int) -> tuple[int, str]:
    """Returns where the printed text of a line begins, and its stream."""
    match = _HEAD.match(log, begin, end)
    return (begin, "stdout") if match is None else (match.end(), match.group(1))


def bare(text: str) -> str:
    r"""Returns the text without colours and other control sequences.

    >>> bare("\x1b[31mlost\x1b[0m")
    'lost'
    """
    return _ESCAPES.sub("", text)


def _blocks(data: bytes | Stored) -> Iterator[bytes]:
    if isinstance(data, Stored):
        yield from data.blocks()
    elif data:
        yield data


def _lines(block: bytes, most: int = -1) -> list[bytes]:
    """Returns the lines, or the first `most` of them."""
    lines = block.split(b"\n", most)
    if 0 <= most < len(lines) or not lines[-1]:
        del lines[-1]
    return lines


def _count(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _shown(lines: list[bytes]) -> list[list[Any]]:
    """Returns [ms since the epoch, 1 for stderr, text] of each line."""
    from flowc.runtime_shim.contract.logs import Log

    return [
        [round(1000 * seconds), 1 if stream == "stderr" else 0, text.decode("utf-8", "replace").rstrip("\n")[:LONGEST]]
        for seconds, stream, text in Log(b"".join(line + b"\n" for line in lines)).entries()
    ]
