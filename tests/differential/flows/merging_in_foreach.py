from metaflow import FlowSpec, step


class MergingInForeach(FlowSpec):
    k = [1]

    @step
    def start(self):
        self.items = [3, 4, 5]
        self.shared = "s"
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input
        self.flag = self.input > 0
        self.next(self.join)

    @step
    def join(self, inputs):
        self.value = [each.value for each in inputs]
        self.merge_artifacts(inputs)
        self.last = inputs.body.value
        self.indices = [(each.index, each.input) for each in inputs]
        self.stack = self.foreach_stack()
        self.where = (self.index, self.input)
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.shared, self.flag, self.items, self.k)


if __name__ == "__main__":
    MergingInForeach()
