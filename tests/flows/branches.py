"""A static split: two steps at the same time, then a join that merges what they made."""

from metaflow import FlowSpec, step


class Branches(FlowSpec):
    @step
    def start(self):
        self.numbers = [3, 1, 2]
        self.shared = "kept"
        self.next(self.smallest, self.largest)

    @step
    def smallest(self):
        self.low = min(self.numbers)
        self.next(self.join)

    @step
    def largest(self):
        self.high = max(self.numbers)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.spread = inputs.largest.high - inputs.smallest.low
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.summary = (self.low, self.high, self.spread, self.shared)


if __name__ == "__main__":
    Branches()
