# idiom: generators and `itertools` cut work into batches
# expect: compiles
import itertools

from metaflow import FlowSpec, step


def batches(rows, size):
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


class Batches(FlowSpec):
    @step
    def start(self):
        self.batches = list(batches(range(7), 3))
        self.next(self.work, foreach="batches")

    @step
    def work(self):
        self.total = sum(number for number in self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.totals = [each.total for each in inputs]
        self.running = list(itertools.accumulate(self.totals))
        self.next(self.end)

    @step
    def end(self):
        self.pairs = list(self._pairs())

    def _pairs(self):
        yield from zip(self.totals, self.running)


if __name__ == "__main__":
    Batches()
