# idiom: `self.next` with one target a line and a trailing comma
# expect: compiles
from metaflow import FlowSpec, step


class Spread(FlowSpec):
    @step
    def start(self):
        self.base = 10
        self.next(
            self.left,
            self.right,  # the slow one
        )

    @step
    def left(self):
        self.value = self.base + 1
        self.next(
            self.gather
        )

    @step
    def right(self):
        self.value = self.base + 2
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.values = sorted(task.value for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.values)


if __name__ == "__main__":
    Spread()
