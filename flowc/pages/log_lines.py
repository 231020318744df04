"""Lines of an attempt's log for its page: the first and the last ones, those around one, and those that hold a text."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LINES = 2000  # lines of an attempt's log: from the first ones, and from its end
LONGEST = 20_000  # characters of a line that are shown
HITS = 1000  # lines with the text that are shown
_ESCAPES = re.compile(
    r"\x1b\[[0-9;]*m|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[@-_][0-?]*[ -/]*[@-~]?|[\x00-\x08\x0b-\x1f\x7f]"
)


def log_of(data: bytes, most: int = LINES) -> dict[str, Any]:
    """Returns the log of an attempt, with the middle left out if it has more than `most` lines."""
    lines = _lines(data)
    if len(lines) <= most:
        return {"lines": _shown(lines), "cut": 0}
    head = most // 4  # the end says why it failed
    return {"lines": _shown(lines[:head] + lines[head - most :]), "cut": len(lines) - most, "cut_at": head}


def around(data: bytes, number: int, most: int = LINES) -> dict[str, Any]:
    """Returns the lines around the one with this number; the first line's is 1."""
    lines = _lines(data)
    first = max(0, min(number - 1 - most // 2, len(lines) - most))
    return {"lines": _shown(lines[first : first + most]), "cut": 0, "first": first + 1}


def find(data: bytes, text: str, stream: str = "both", most: int = HITS) -> dict[str, Any]:
    """Returns how many lines of a stream hold the text, and the first of them, each with its number.

    Case does not matter, and neither do colours and other control sequences.

    >>> log = b"2026-01-02T03:04:05.5Z stdout F An Error\\n2026-01-02T03:04:06.5Z stdout F fine\\n"
    >>> find(log, "error")
    {'count': 1, 'lines': [[1, 1767323045500, 0, 'An Error']]}
    """
    whole = data.decode("utf-8", "replace")
    numbers = list(_numbers(bare(whole) if "\x1b" in whole else whole, text, stream)) if text else []
    lines = _lines(data)
    shown = numbers[:most]
    return {
        "count": len(numbers),
        "lines": [[number, *line] for number, line in zip(shown, _shown([lines[number - 1] for number in shown]))],
    }


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


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _shown(lines: list[bytes]) -> list[list[Any]]:
    """Returns [ms since the epoch, 1 for stderr, text] of each line."""
    from flowc.runtime_shim.contract.logs import Log

    return [
        [round(1000 * seconds), 1 if stream == "stderr" else 0, text.decode("utf-8", "replace").rstrip("\n")[:LONGEST]]
        for seconds, stream, text in Log(b"".join(line + b"\n" for line in lines)).entries()
    ]
