from metaflow import FlowSpec, step


class ForeachOverASet(FlowSpec):
    @step
    def start(self):
        self.letters = {"a", "b", "c", "d", "e", "f", "g"}
        self.next(self.body, foreach="letters")

    @step
    def body(self):
        self.got = self.index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOverASet()
