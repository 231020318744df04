# aside: names
from metaflow import FlowSpec, step


class Squares:
    """A sequence by `__getitem__` alone."""

    def __getitem__(self, index):
        if index > 2:
            raise IndexError(index)
        return index * index


class ForeachOverManyThings(FlowSpec):
    kinds = {
        "list": [3, 1], "tuple": ("a", "b"), "range": range(5, 8), "string": "xyz", "bytes": b"ab", "numbered": {0: "zero", 1: "one"},
        "squares": Squares(), "nested": [[1], {"k": 2}, None], "one": [None],
    }  # fmt: skip

    @step
    def start(self):
        self.names = list(self.kinds)
        self.next(self.each, foreach="names")

    @step
    def each(self):
        self.over = self.kinds[self.input]
        self.next(self.body, foreach="over")

    @step
    def body(self):
        self.item = (self.input, self.index)
        self.stack = self.foreach_stack()
        self.next(self.inner)

    @step
    def inner(self, inputs):
        self.items = [each.item for each in inputs]
        self.stack = self.foreach_stack()
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.everything = [each.items for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOverManyThings()
