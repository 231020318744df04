"""Foreaches, switches and unpicklable things that look wrong, and are not."""
import threading

from metaflow import FlowSpec, Parameter, step


def pick(n):
    return {0: "zero", 1: "one"}.get(n, "many")


class AlarmValues(FlowSpec):
    limit = Parameter("limit", default=2)

    @step
    def start(self):
        self.lock = threading.Lock()
        with self.lock:
            self.guarded = 1
        del self.lock
        self.stream = (x for x in range(3))
        self.stream = sorted(self.stream)
        self.unique = {3, 1, 2}
        self.unique = sorted(self.unique)
        self.items = []
        if not self.items:
            self.items = self.unique[: self.limit]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.word = pick(self.input)
        self.next({"zero": self.zero, "one": self.one, "many": self.many}, condition="word")

    @step
    def zero(self):
        self.v = 0
        self.next(self.meet)

    @step
    def one(self):
        self.v = 1
        self.next(self.meet)

    @step
    def many(self):
        self.v = 99
        self.next(self.meet)

    @step
    def meet(self):
        self.handler = None
        self.next(self.join)

    @step
    def join(self, inputs):
        self.vs = [each.v for each in inputs]
        self.words = "-".join(each.word for each in inputs)
        self.next(self.pairs)

    @step
    def pairs(self):
        self.text = "xyz"
        self.dict_items = list({"a": 1, "b": 2}.items())
        self.mapped = list(map(str.upper, self.text))
        self.zipped = tuple(zip(self.mapped, range(9)))
        self.next(self.pair, foreach="zipped")

    @step
    def pair(self):
        letter, number = self.input
        self.joined = letter * (number + 1)
        self.next(self.pair_join)

    @step
    def pair_join(self, inputs):
        self.joined = "".join(each.joined for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        self.f = print
        self.types = (int, dict)
        self.size = len(self.joined)


if __name__ == "__main__":
    AlarmValues()
