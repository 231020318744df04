from metaflow import FlowSpec, step


class NestedForeach(FlowSpec):
    @step
    def start(self):
        self.xs = ["a", "b"]
        self.next(self.row, foreach="xs")

    @step
    def row(self):
        self.ys = [1, 2, 3] if self.input == "a" else [4]
        self.x = self.input
        self.next(self.cell, foreach="ys")

    @step
    def cell(self):
        self.cell_stack = self.foreach_stack()
        self.text = f"{self.x}{self.input}"
        self.next(self.after)

    @step
    def after(self):
        self.text += "!"
        self.seen = (self.input, self.index, self.xs, self.ys)
        self.next(self.inner)

    @step
    def inner(self, inputs):
        self.texts = [each.text for each in inputs]
        self.stack = self.foreach_stack()
        self.where = (self.index, self.input)
        self.merge_artifacts(inputs, include=["x", "xs"])
        self.again = self.foreach_stack()
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.texts = [each.texts for each in inputs]
        self.stack = self.foreach_stack()
        self.where = (self.index, self.input)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NestedForeach()
