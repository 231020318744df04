"""Joins of branches of different lengths, with what each offers of the others' artifacts."""
from metaflow import FlowSpec, catch, step


class JoinCorners(FlowSpec):
    @step
    def start(self):
        self.common = [1]
        self.changed = 0
        self.next(self.a, self.b, self.c)

    @step
    def a(self):
        self.only_a = "a"
        self.changed = 1
        self.next(self.a2)

    @step
    def a2(self):
        self.items = (x for x in [10, 20])
        self.items = list(self.items)
        self.next(self.a3, foreach="items")

    @step
    def a3(self):
        self.twice = self.input * 2
        self.next(self.a_join)

    @step
    def a_join(self, inputs):
        self.sum = sum(each.twice for each in inputs)
        self.merge_artifacts(inputs, exclude=["twice"])
        self.next(self.join)

    @catch(var="why")
    @step
    def b(self):
        self.lost = "not kept"
        raise RuntimeError("b")
        self.next(self.join)

    @step
    def c(self):
        self.changed = 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.names = sorted(name for name in ("only_a", "sum", "why", "lost", "changed") for each in inputs if hasattr(each, name))
        self.problem = str(inputs.b.why).strip().splitlines()[-1]
        self.sums = inputs.a_join.sum
        self.index_is = [each.index for each in inputs]
        self.changed = max(each.changed for each in inputs)
        self.merge_artifacts(inputs, exclude=["why"])
        self.next(self.end)

    @step
    def end(self):
        self.left = (self.common, self.changed, self.only_a, hasattr(self, "why"), hasattr(self, "lost"), self.items)


if __name__ == "__main__":
    JoinCorners()
