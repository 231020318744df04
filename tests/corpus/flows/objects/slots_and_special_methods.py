# idiom: small value classes with slots, equality and order
# expect: compiles
from functools import total_ordering

from metaflow import FlowSpec, step


@total_ordering
class Version:
    __slots__ = ("major", "minor")

    def __init__(self, text):
        self.major, self.minor = (int(part) for part in text.split("."))

    def __eq__(self, other):
        return (self.major, self.minor) == (other.major, other.minor)

    def __lt__(self, other):
        return (self.major, self.minor) < (other.major, other.minor)

    def __hash__(self):
        return hash((self.major, self.minor))

    def __repr__(self):
        return f"{self.major}.{self.minor}"


class Versions(FlowSpec):
    @step
    def start(self):
        self.versions = [Version("1.10"), Version("1.2")]
        self.next(self.end)

    @step
    def end(self):
        self.newest = max(self.versions)
        self.distinct = len({*self.versions, Version("1.2")})


if __name__ == "__main__":
    Versions()
