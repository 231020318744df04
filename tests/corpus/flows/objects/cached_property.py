# idiom: a `cached_property` computes once in a task and is an artifact only if a step keeps it
# expect: compiles
from functools import cached_property, lru_cache

from metaflow import FlowSpec, step


@lru_cache(maxsize=None)
def slow(number):
    return number * 2


class Cached(FlowSpec):
    @property
    def sizes(self):
        return {"a": slow(1), "b": slow(2)}

    @step
    def start(self):
        self.total = sum(self.sizes.values())
        self.next(self.end)

    @step
    def end(self):
        self.reader = Reader("x").length


class Reader:
    def __init__(self, text):
        self.text = text

    @cached_property
    def length(self):
        return len(self.text)


if __name__ == "__main__":
    Cached()
