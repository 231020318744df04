from metaflow import FlowSpec, step


NAME = "things"


class ForeachNameInAVariable(FlowSpec):
    @step
    def start(self):
        self.things, self.others = [1, 2], [3]
        over = NAME if len(self.things) > 1 else "others"
        self.next(self.body, foreach=over)

    @step
    def body(self):
        self.got = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachNameInAVariable()
