from metaflow import FlowSpec, step


class ForeachStackAsText(FlowSpec):
    @step
    def start(self):
        self.outer = {0: "zero", 1: "one"}
        self.next(self.middle, foreach="outer")

    @step
    def middle(self):
        self.inner = [None, "", [1, 2], "x" * 50]
        self.next(self.body, foreach="inner")

    @step
    def body(self):
        self.frames = [(frame.step, frame.var, frame.num_splits, frame.index, frame.value) for frame in self._foreach_stack]
        self.next(self.near)

    @step
    def near(self, inputs):
        self.frames = [each.frames for each in inputs]
        self.next(self.far)

    @step
    def far(self, inputs):
        self.frames = [each.frames for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachStackAsText()
