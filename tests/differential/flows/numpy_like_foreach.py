from metaflow import FlowSpec, step


class Frame:
    """Iterates over names, is indexed by number: as far as Python goes."""

    def __init__(self, names):
        self.names = names

    def __iter__(self):
        return iter(self.names)

    def __getitem__(self, index):
        return self.names[index].upper()


class Only:
    """Can only be iterated."""

    def __iter__(self):
        return iter("pqr")


class NumpyLikeForeach(FlowSpec):
    @step
    def start(self):
        self.frame, self.only = Frame(["a", "b"]), Only()
        self.next(self.one, self.two)

    @step
    def one(self):
        self.next(self.body_one, foreach="frame")

    @step
    def body_one(self):
        self.got = self.input
        self.next(self.join_one)

    @step
    def join_one(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.join)

    @step
    def two(self):
        self.next(self.body_two, foreach="only")

    @step
    def body_two(self):
        self.got = self.input
        self.next(self.join_two)

    @step
    def join_two(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NumpyLikeForeach()
