from metaflow import FlowSpec, step


class DeepNesting(FlowSpec):
    @step
    def start(self):
        self.a = [1, 2]
        self.next(self.two, foreach="a")

    @step
    def two(self):
        self.b = range(self.input)
        self.next(self.three, foreach="b")

    @step
    def three(self):
        self.c = "xy"
        self.next(self.deepest, foreach="c")

    @step
    def deepest(self):
        self.stack = self.foreach_stack()
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = ("l", self.input, self.index)
        self.next(self.sides)

    @step
    def right(self):
        self.side = ("r", self.input, self.index)
        self.next(self.sides)

    @step
    def sides(self, inputs):
        self.side = (inputs.left.side, inputs.right.side)
        self.merge_artifacts(inputs)
        self.next(self.up_three)

    @step
    def up_three(self, inputs):
        self.side = [each.side for each in inputs]
        self.stacks = [each.stack for each in inputs]
        self.here = self.foreach_stack()
        self.next(self.up_two)

    @step
    def up_two(self, inputs):
        self.side = [each.side for each in inputs]
        self.merge_artifacts(inputs, exclude=["stacks", "here"])
        self.next(self.up_one)

    @step
    def up_one(self, inputs):
        self.side = [each.side for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DeepNesting()
