"""A flow with an `__init__` of its own: what it sets is there in every task anew."""

from metaflow import FlowSpec, step


class OwnInit(FlowSpec):
    def __init__(self, use_cli=True):
        self.database = "prod"
        self.factor = 10
        super().__init__(use_cli)
        self.after = "only in inputs"

    @step
    def start(self):
        self.factor += 1  # flowc: ignore[FLOW221]
        self.xs = [1, 2]
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.y = self.input * self.factor
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.y for each in inputs)
        self.seen = [each.after for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.line = f"{self.total} {self.database} {hasattr(self, 'after')}"


if __name__ == "__main__":
    OwnInit()
