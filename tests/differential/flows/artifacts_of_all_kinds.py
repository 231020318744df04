import collections
import datetime
import decimal
import fractions
import pathlib
import uuid

from metaflow import FlowSpec, step


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class ArtifactsOfAllKinds(FlowSpec):
    @step
    def start(self):
        self.none, self.yes, self.number, self.real, self.text = None, True, 10**30, 0.1, "é ü"
        self.data, self.items, self.pair = b"\0\xff", [1, [2, (3,)]], (1, "a")
        self.table, self.names = {"a": {1: None}, 2: []}, {"x", "y"}
        self.frozen = frozenset([1, 2])
        self.when = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
        self.amount, self.share = decimal.Decimal("1.10"), fractions.Fraction(1, 3)
        self.path, self.id = pathlib.PurePosixPath("/a/b"), uuid.UUID(int=7)
        self.counted = collections.Counter("abca")
        self.ordered = collections.OrderedDict([("z", 1), ("a", 2)])
        self.point = Point(1, Point(2, 3))
        self.kind = Point
        self.library = dict
        self.error = ValueError("bad", 3)
        self.span = range(2, 9, 3)
        self.nothing = ...
        self.complex = 1 + 2j
        self.cycle = [1]
        self.cycle.append(self.cycle)
        self._single = "kept"
        self.__double = "mangled, so kept as _Class__double"
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.point.y.x, self._single, self.__double, self.cycle[1] is self.cycle, type(self.error).__name__)


if __name__ == "__main__":
    ArtifactsOfAllKinds()
