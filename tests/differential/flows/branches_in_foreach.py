from metaflow import FlowSpec, step


class BranchesInForeach(FlowSpec):
    @step
    def start(self):
        self.xs = [1, 2]
        self.next(self.fan, foreach="xs")

    @step
    def fan(self):
        self.x = self.input
        self.next(self.plus, self.minus)

    @step
    def plus(self):
        self.y = self.x + self.input
        self.next(self.close)

    @step
    def minus(self):
        self.y = -self.x
        self.deep = self.foreach_stack()
        self.next(self.close)

    @step
    def close(self, inputs):
        self.pair = (inputs.plus.y, inputs.minus.y)
        self.where = (self.index, self.input)
        self.merge_artifacts(inputs, exclude=["y"])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.pairs = [each.pair for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BranchesInForeach()
