# fails: next is not called
from metaflow import FlowSpec, step


class EarlyReturn(FlowSpec):
    @step
    def start(self):
        self.x = 1
        if self.x:
            return
        self.next(self.other)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    EarlyReturn()
