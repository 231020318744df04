"""How much folding may cost: what keeps a hostile source from hanging or exhausting the compiler.

The measure is *weight*: the characters and items that a value would have if it were written out, shared parts counted each time. No
value may weigh more than MAX_WEIGHT, so whatever Python does with one (comparing, copying, writing it as text) is bounded too; and all work
of one folding together is bounded by MAX_WORK and MAX_STEPS.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_STEPS = 50_000  # nodes of expressions
MAX_WEIGHT = 1 << 20  # of one value
MAX_WORK = 1 << 20  # weight of everything that is looked at or made
MAX_ITEMS = 1 << 16  # of one collection
MAX_BITS = 4096  # of a whole number
MAX_WIDTH = 10_000  # of a field of a format
MAX_KEYS = 1000  # of a set or dict whose keys are not text or plain numbers: others may be made to collide

COLLECTIONS = (str, bytes, list, tuple, dict, set, frozenset, range)


class Unfoldable(Exception):
    """An expression whose value cannot be known here. `args[0]` says what part of it and why."""


class Unknown(Unfoldable):
    """A name that nothing binds to anything known."""


class Failing(Unfoldable):
    """Known values with which an operation fails: `error` is the exception that Python would raise."""

    def __init__(self, text: str, error: Exception) -> None:
        super().__init__(text)
        self.error = error


class Reported(Unfoldable):
    """A value that cannot be known because of something that has been said already."""


class Budget:
    """What one folding has spent, and what its values weigh."""

    def __init__(self) -> None:
        self.steps = 0
        self.work = 0
        self._weights: dict[
            int, tuple[Any, int]
        ] = {}  # by identity; the value is kept, so that its identity is its own

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Unfoldable("it takes too many steps")

    def spend(self, weight: int) -> None:
        self.work += weight
        if self.work > MAX_WORK:
            raise Unfoldable("it takes too much work")

    def made(self, value: Any) -> Any:
        """Returns the value, after seeing to it that it is no larger than a value may be."""
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
        """Returns the value's weight. Raises Unfoldable when it is too large."""
        if isinstance(value, (str, bytes, range)):
            found = len(value) + 1
        elif isinstance(value, (list, tuple, dict, set, frozenset)):
            known = self._weights.get(id(value))
            if known is not None and known[0] is value and known[1] >= len(value):
                return known[1]
            if len(value) > MAX_ITEMS:
                raise Unfoldable("it is too large")
            found = 1
            for each in value:
                found += self.weight(each)
                if isinstance(value, dict):
                    found += self.weight(value[each])
                if found > MAX_WEIGHT:
                    raise Unfoldable("it is too large")
            self.spend(len(value) + 1)
            self._weights[id(value)] = (value, found)
        else:
            return 1
        if found > MAX_WEIGHT:
            raise Unfoldable("it is too large")
        return found

    def forget(self) -> None:
        """To be called when a value was changed in place: whatever holds it weighs something else now."""
        self._weights.clear()


def keys(several: Iterable[Any]) -> None:
    """Raises Unfoldable for so many keys of kinds that can be made to collide that a dict of them would be slow."""
    count = 0
    for each in several:
        if isinstance(each, (str, bytes)) or each is None or (isinstance(each, int) and each.bit_length() < 61):
            continue
        count += 1
        if count > MAX_KEYS:
            raise Unfoldable("it has too many keys that are neither text nor small numbers")


def width(spec: str) -> None:
    """Raises Unfoldable if a number in the format makes a field too wide."""
    if any(
        int(each[:10]) > MAX_WIDTH for each in "".join(c if c.isascii() and c.isdigit() else " " for c in spec).split()
    ):
        raise Unfoldable("the field is too wide")


def numbers_in(spec: str) -> int:
    """The sum of the numbers in a format: no text of it can be longer by padding."""
    return sum(int(each[:10]) for each in "".join(c if c.isascii() and c.isdigit() else " " for c in spec).split())


def is_ordered(value: Any) -> bool:
    """False if something in the value is a set, whose order and text are not the same in every run."""
    if isinstance(value, (set, frozenset)):
        return len(value) < 2 and all(map(is_ordered, value))
    if isinstance(value, dict):
        return all(is_ordered(each) for pair in value.items() for each in pair)
    return all(map(is_ordered, value)) if isinstance(value, (list, tuple)) else True
