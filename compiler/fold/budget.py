"""Limits on the cost of folding, so that a hostile source can neither hang nor exhaust the compiler.

The measure is *weight*: the number of characters and items of a value if it were written out, with shared parts
counted each time. No value may weigh more than MAX_WEIGHT, which also bounds what Python does with it (comparing,
copying, writing it as text). MAX_WORK and MAX_STEPS bound all work of one folding.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_STEPS = 50_000  # nodes of expressions
MAX_WEIGHT = 1 << 20  # of one value
MAX_WORK = 1 << 20  # weight of everything that is read or made
MAX_ITEMS = 1 << 16  # of one collection
MAX_BITS = 4096  # of a whole number
MAX_WIDTH = 10_000  # of a field of a format
# of a set or dict with keys other than text or plain numbers, whose hashes an attacker could make collide
MAX_KEYS = 1000

COLLECTIONS = (str, bytes, list, tuple, dict, set, frozenset, range)


class Unfoldable(Exception):
    """Raised for an expression whose value cannot be known here. `args[0]` names the part of it, and the reason."""


class Unknown(Unfoldable):
    """Raised for a name that is not bound to a known value. `name` is how `--set` gives one; "" for a call."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


class Failing(Unfoldable):
    """Raised if an operation on known values fails; `error` is the exception that Python would raise."""

    def __init__(self, text: str, error: Exception) -> None:
        super().__init__(text)
        self.error = error


class Reported(Unfoldable):
    """Raised for a value that cannot be known because of a fault that is already reported."""


class Compound:
    """A value with parts other than a collection: `fields`, by name."""

    fields: dict[str, Any]


class Budget:
    """The cost of one folding so far, and the weights of its values."""

    def __init__(self) -> None:
        self.steps = 0
        self.work = 0
        # by identity; the value is kept alive, so that its identity is not reused
        self._weights: dict[int, tuple[Any, int]] = {}

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Unfoldable("it takes too many steps")

    def spend(self, weight: int) -> None:
        self.work += weight
        if self.work > MAX_WORK:
            raise Unfoldable("it takes too much work")

    def made(self, value: Any) -> Any:
        """Returns the value. Raises Unfoldable if it is too large."""
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, int):
            if value.bit_length() > MAX_BITS:
                raise Unfoldable("the number is too large")
            return value
        if isinstance(value, COLLECTIONS):
            self.spend(len(value) // 8 + 1 if isinstance(value, (str, bytes)) else self.weight(value) // 16 + 1)
            if len(value) > (MAX_WEIGHT if isinstance(value, (str, bytes)) else MAX_ITEMS):
                raise Unfoldable("it is too large")
        return value

    def weight(self, value: Any) -> int:
        """Returns the value's weight. Raises Unfoldable if it is too large."""
        if isinstance(value, (str, bytes, range)):
            weight = len(value) + 1
        elif isinstance(value, (list, tuple, dict, set, frozenset)):
            entry = self._weights.get(id(value))
            if entry is not None and entry[0] is value and entry[1] >= len(value):
                return entry[1]
            if len(value) > MAX_ITEMS:
                raise Unfoldable("it is too large")
            weight = 1
            for item in value:
                weight += self.weight(item)
                if isinstance(value, dict):
                    weight += self.weight(value[item])
                if weight > MAX_WEIGHT:
                    raise Unfoldable("it is too large")
            self.spend(len(value) + 1)
            self._weights[id(value)] = (value, weight)
        elif isinstance(value, Compound):
            weight = 1 + self.weight(value.fields)
        else:
            return 1
        if weight > MAX_WEIGHT:
            raise Unfoldable("it is too large")
        return weight

    def forget(self) -> None:
        """Forgets all weights.

        Must be called after a value changes in place, since everything that contains it then has a different weight.
        """
        self._weights.clear()


def keys(several: Iterable[Any]) -> None:
    """Raises Unfoldable for too many keys of kinds whose hashes can collide, which would make a dict slow."""
    count = 0
    for item in several:
        if isinstance(item, (str, bytes)) or item is None or (isinstance(item, int) and item.bit_length() < 61):
            continue
        count += 1
        if count > MAX_KEYS:
            raise Unfoldable("it has too many keys that are neither text nor small numbers")


def width(spec: str) -> None:
    """Raises Unfoldable if a number in the format makes a field too wide."""
    if any(
        int(part[:10]) > MAX_WIDTH for part in "".join(c if c.isascii() and c.isdigit() else " " for c in spec).split()
    ):
        raise Unfoldable("the field is too wide")


def numbers_in(spec: str) -> int:
    """Returns the sum of the numbers in a format, which bounds the padding in its text."""
    return sum(int(part[:10]) for part in "".join(c if c.isascii() and c.isdigit() else " " for c in spec).split())


def is_ordered(value: Any) -> bool:
    """Returns False if the value contains a set, whose order and text differ from run to run."""
    if isinstance(value, (set, frozenset)):
        return len(value) < 2 and all(map(is_ordered, value))
    if isinstance(value, dict):
        return all(is_ordered(item) for pair in value.items() for item in pair)
    if isinstance(value, (list, tuple)):
        return not hasattr(value, "is_object") and all(map(is_ordered, value))
    return not hasattr(value, "is_object")  # the text of an object is its own
