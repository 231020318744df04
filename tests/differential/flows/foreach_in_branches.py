# aside: names
from metaflow import FlowSpec, step


class ForeachInBranches(FlowSpec):
    @step
    def start(self):
        self.next(self.many, self.few)

    @step
    def many(self):
        self.xs = list("abc")
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.got = self.input * 2
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.got = "".join(each.got for each in inputs)
        self.next(self.join)

    @step
    def few(self):
        self.got = "few"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = (inputs.gather.got, inputs.few.got)
        self.names = [each._current_step for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachInBranches()
