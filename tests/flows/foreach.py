"""One task for each item."""

from metaflow import FlowSpec, step


class ForeachFlow(FlowSpec):
    @step
    def start(self):
        self.letters = ["a", "b", "c"]
        self.next(self.double, foreach="letters")

    @step
    def double(self):
        self.doubled = self.input * 2
        self.at = self.index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.word = "".join(each.doubled for each in inputs)
        self.order = [each.at for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.done = True


if __name__ == "__main__":
    ForeachFlow()
