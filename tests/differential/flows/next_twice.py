# fails: next is called twice
from metaflow import FlowSpec, step


class NextTwice(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.other)
        self.next(self.other)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NextTwice()
