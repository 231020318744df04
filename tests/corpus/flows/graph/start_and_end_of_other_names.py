# idiom: `@step(start=True)` and `@step(end=True)`
# expect: compiles
from metaflow import FlowSpec, step


class Marked(FlowSpec):
    @step(start=True)
    def extract(self):
        self.rows = [1, 2]
        self.next(self.transform)

    @step
    def transform(self):
        self.rows = [row + 1 for row in self.rows]
        self.next(self.load)

    @step(end=True)
    def load(self):
        self.loaded = len(self.rows)


if __name__ == "__main__":
    Marked()
