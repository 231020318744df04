"""Splits in a foreach in a split."""

from metaflow import FlowSpec, step


class BranchesInForeachInBranch(FlowSpec):
    @step
    def start(self):
        self.base = 100
        self.next(self.spread, self.alone)

    @step
    def spread(self):
        self.items = [1, 2]
        self.next(self.item, foreach="items")

    @step
    def item(self):
        self.value = self.base + self.input
        self.next(self.plus, self.minus)

    @step
    def plus(self):
        self.result = self.value + 1
        self.next(self.join_signs)

    @step
    def minus(self):
        self.result = self.value - 1
        self.next(self.join_signs)

    @step
    def join_signs(self, inputs):
        self.pair = (inputs.plus.result, inputs.minus.result)
        self.next(self.join_items)

    @step
    def join_items(self, inputs):
        self.pairs = [each.pair for each in inputs]
        self.next(self.join)

    @step
    def alone(self):
        self.pairs = []
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all_pairs = inputs.join_items.pairs + inputs.alone.pairs
        self.next(self.end)

    @step
    def end(self):
        self.count = len(self.all_pairs)


if __name__ == "__main__":
    BranchesInForeachInBranch()
