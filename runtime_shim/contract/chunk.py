"""Chunks: several items of a foreach that one container runs (docs/shim.md, Several tasks in one container).

>>> divided("3", 130, items=10, containers=2)
['3.0-64', '3.65-129']
>>> divided("-", 3)
['0', '1', '2']
>>> members("3.5-7"), members("-"), is_chunk("0-0"), is_chunk("-~2")
(['3.5', '3.6', '3.7'], ['-'], True, False)
"""

from __future__ import annotations

from . import address
from .address import BadPath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List


def is_chunk(path: str) -> bool:
    """Returns True if the path, which is valid, stands for a range of items."""
    return "-" in path[1:]


def members(path: str) -> List[str]:
    """Returns the paths of the tasks that a container at `path` begins with, in order. Raises BadPath."""
    if not is_chunk(path):
        return [address.checked(path)]
    before, dot, last = path.rpartition(".")
    first, _, end = last.partition("-")
    if not (_is_number(first) and _is_number(end)) or int(first) > int(end):
        raise BadPath(path)
    address.checked(f"{before}{dot}{end}")
    return [f"{before}{dot}{index}" for index in range(int(first), int(end) + 1)]


def divided(path: str, splits: int, items: int = 0, containers: int = 0) -> List[str]:
    """Returns the paths of the containers that run the body of the foreach that the task at `path` made.

    Each has at least `items` items, and there are at most `containers`; 0 is no bound. Without a bound, each item has a
    container of its own.
    """
    if not items and not containers:
        return [address.child(path, index) for index in range(splits)]
    size = per_chunk(splits, items, containers)
    return [f"{address.child(path, first)}-{min(first + size, splits) - 1}" for first in range(0, splits, size)]


def per_chunk(splits: int, items: int, containers: int) -> int:
    """Returns how many items a chunk has; the last one may have fewer."""
    return max(1, items, -(-splits // containers) if containers else 1)


def count(splits: int, items: int, containers: int) -> int:
    """Returns the number of containers for `splits` items."""
    return -(-splits // per_chunk(splits, items, containers))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
