# fails: a generator cannot be saved
from metaflow import FlowSpec, step


class ForeachOverAGenerator(FlowSpec):
    @step
    def start(self):
        self.items = (each for each in [1, 2])
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOverAGenerator()
