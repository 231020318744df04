# fails: `table[0]` is a key that is not there
from metaflow import FlowSpec, step


class ForeachOverADict(FlowSpec):
    @step
    def start(self):
        self.table = {"a": 1}
        self.next(self.body, foreach="table")

    @step
    def body(self):
        self.got = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOverADict()
