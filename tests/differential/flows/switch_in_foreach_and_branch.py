from metaflow import FlowSpec, step


class SwitchInForeachAndBranch(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.xs = [1, 2, 3]
        self.next(self.sort, foreach="xs")

    @step
    def sort(self):
        self.parity = self.input % 2
        self.next({0: self.even, 1: self.odd}, condition="parity")

    @step
    def even(self):
        self.text = f"even {self.input}"
        self.next(self.unite)

    @step
    def odd(self):
        self.text = f"odd {self.input}"
        self.next(self.unite)

    @step
    def unite(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.texts = [each.text for each in inputs]
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.texts = inputs.gather.texts
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchInForeachAndBranch()
