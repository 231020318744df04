# idiom: the join's second argument has a name of its own, and is gone through twice
# expect: compiles
from metaflow import FlowSpec, step


class Results(FlowSpec):
    @step
    def start(self):
        self.numbers = range(3)
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.squared = self.input**2
        self.next(self.collect)

    @step
    def collect(self, results):
        self.count = sum(1 for _ in results)
        self.squares = [result.squared for result in results]
        self.last = results[-1].squared
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Results()
