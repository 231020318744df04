# idiom: the steps stand in another order than they run
# expect: compiles
from metaflow import FlowSpec, step


class Reordered(FlowSpec):
    @step
    def end(self):
        self.order = self.order + ["end"]

    @step
    def middle(self):
        self.order = self.order + ["middle"]
        self.next(self.end)

    @step
    def start(self):
        self.order = ["start"]
        self.next(self.middle)


if __name__ == "__main__":
    Reordered()
