# aside: odd
# (it is another value each time that it is pickled, and flowc does not pickle again what nobody has changed)
import collections
import dataclasses
import enum

from metaflow import FlowSpec, step


@dataclasses.dataclass
class Point:
    x: int
    y: list


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


Pair = collections.namedtuple("Pair", "left right")


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a

    def __repr__(self):
        return f"Slotted({self.a})"


class Odd(dict):
    def __reduce__(self):
        return (Odd, (), None, None, iter([("again", len(self))]))


class OwnKindsOfValues(FlowSpec):
    @step
    def start(self):
        self.point, self.colour, self.pair = Point(1, [2]), Colour.GREEN, Pair(1, "r")
        self.slotted, self.odd = Slotted(3), Odd(a=1, b=2)
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.point.y, self.colour is Colour.GREEN, self.pair.right, self.slotted.a, dict(self.odd))


if __name__ == "__main__":
    OwnKindsOfValues()
