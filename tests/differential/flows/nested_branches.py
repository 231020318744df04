from metaflow import FlowSpec, step


class NestedBranches(FlowSpec):
    @step
    def start(self):
        self.x = "s"
        self.next(self.left, self.right)

    @step
    def left(self):
        self.x += "l"
        self.next(self.up, self.down)

    @step
    def up(self):
        self.x += "u"
        self.next(self.inner)

    @step
    def down(self):
        self.x += "d"
        self.next(self.inner)

    @step
    def inner(self, inputs):
        self.x = inputs.down.x + inputs.up.x
        self.next(self.outer)

    @step
    def right(self):
        self.x += "r"
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.x = [inputs.inner.x, inputs.right.x]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NestedBranches()
