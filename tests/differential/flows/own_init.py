"""What `__init__` sets is there in each task anew, hides what a step has set, and is saved; what it does after `super().__init__` is not."""

from metaflow import FlowSpec, Parameter, step


class Opened:
    def __init__(self):
        self.n = 0

    def count(self):
        self.n += 1
        return self.n


class OwnInit(FlowSpec):
    alpha = Parameter("alpha", default=3)
    constant = 5

    def __init__(self, use_cli=True):
        self.db = "prod"
        self.n = 10
        self.changed = 0
        self.use = use_cli
        self.deleted = [1]
        self.opened = Opened()
        self.constant = 6
        self.alpha = 9
        self.p = 4
        self._prepare()
        super().__init__(use_cli)
        self.after = 7

    def _prepare(self):
        self.by_method = self.db + "!"

    @property
    def p(self):
        return self._p

    @p.setter
    def p(self, value):
        self._p = value * 2

    @step
    def start(self):
        self.seen = (self.db, self.n, self.alpha, self.constant, self.changed, self.use, self.by_method, self.p, self.deleted)
        self.changed += 1
        self.opened_n = self.opened.count()
        self.p = 8
        del self.deleted
        self.has_after = hasattr(self, "after")
        self.xs = [1, 2]
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.seen = (self.changed, self.deleted, self.p, self.opened.n)
        self.changed += 1
        self.y = self.input * self.n
        self.n = -self.y
        self.next(self.left, self.right)

    @step
    def left(self):
        del self.deleted
        self.next(self.both)

    @step
    def right(self):
        self.n += 1
        self.next(self.both)

    @step
    def both(self, inputs):
        self.of_inputs = [(each.n, each.changed, each.use, hasattr(each, "after"), each.deleted) for each in inputs]
        self.before = (self.db, self.n)
        del self.deleted
        self.merge_artifacts(inputs)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.t = sum(each.y for each in inputs)
        self.dicts = [sorted({*each.__dict__} & {"after", "db", "deleted", "use", "y"}) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.last = (self.t, self.db, self.n, hasattr(self, "seen"))


if __name__ == "__main__":
    OwnInit()
