from metaflow import FlowSpec, step


class Mixin:
    _of_mixin = 1


class Base(Mixin, FlowSpec):
    _table = {"a": 1}
    _hidden = "base"


class UnderscoredClassAttributes(Base):
    _hidden = "own"
    _counter = 0
    _nothing = None

    @property
    def _property(self):
        return 1

    def _method(self):
        return 2

    @step
    def start(self):
        self._counter += 5
        self._table["b"] = 2
        self._fresh = self._property + self._method()
        self.next(self.left, self.right)

    @step
    def left(self):
        self._counter += 1
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = (inputs.left._counter, inputs.right._counter, self._counter, inputs.left._fresh)
        self.next(self.end)

    @step
    def end(self):
        self.later = (self._counter, self._table, self._hidden, self._of_mixin)


if __name__ == "__main__":
    UnderscoredClassAttributes()
