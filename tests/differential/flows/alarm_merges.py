"""Merges that look as if they conflict, and do not."""
from metaflow import FlowSpec, step

EXCLUDED = ["side", "other"]


class AlarmMerges(FlowSpec):
    def settle(self, inputs):
        self.side = sorted(each.side for each in inputs)

    def merged(self, inputs, **named):
        self.merge_artifacts(inputs, **named)

    @step
    def start(self):
        self.flag = True
        self.next(self.a, self.b)

    @step
    def a(self):
        self.side = "a"
        self.same = 1 + 1
        self.maybe = "x" if self.flag else "y"
        self.next(self.j)

    @step
    def b(self):
        self.side = "b"
        self.same = 2
        self.maybe = "x"
        self.next(self.j)

    @step
    def j(self, inputs):
        self.settle(inputs)
        self.merge_artifacts(inputs)
        self.next(self.again)

    @step
    def again(self):
        self.next(self.c, self.d)

    @step
    def c(self):
        self.side = "c"
        self.other = 1
        self.next(self.k)

    @step
    def d(self):
        self.side = "d"
        self.other = 2
        self.next(self.k)

    @step
    def k(self, inputs):
        self.merged(inputs, exclude=EXCLUDED)
        self.next(self.spread)

    @step
    def spread(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.temp = self.input
        self.temp = None
        self.const = len(self.items)
        self.idx = self.index
        self.next(self.inner, self.inner2)

    @step
    def inner(self):
        self.p = self.idx
        self.next(self.inner_join)

    @step
    def inner2(self):
        self.q = self.idx
        self.next(self.inner_join)

    @step
    def inner_join(self, inputs):
        self.merge_artifacts(inputs)
        self.kept = (self.p, self.q)
        del self.p, self.q
        self.next(self.outer_join)

    @step
    def outer_join(self, inputs):
        self.kepts = [each.kept for each in inputs]
        try:
            self.merge_artifacts(inputs)
            self.conflict = ""
        except Exception as error:
            self.conflict = type(error).__name__
        self.merge_artifacts(inputs, include=["const", "temp"])
        self.next(self.end)

    @step
    def end(self):
        self.all = (self.const, self.temp, self.kepts)


if __name__ == "__main__":
    AlarmMerges()
