"""Switches over booleans and numbers, that meet again, within branches and after a foreach."""
from metaflow import FlowSpec, step


class SwitchKinds(FlowSpec):
    @step
    def start(self):
        self.kind = "small"
        self.n = 0
        self.next({"small": self.small, "large": self.large}, condition="kind")

    @step
    def small(self):
        self.said = "small"
        self.next(self.count)

    @step
    def large(self):
        self.said = "large"
        self.next(self.count)

    @step
    def count(self):
        self.n += 1
        self.state = "more" if self.n < 3 else "enough"
        self.next({"more": self.count, "enough": self.spread}, condition="state")

    @step
    def spread(self):
        self.items = [1, 2, 3]
        self.next(self.item, foreach="items")

    @step
    def item(self):
        self.odd = "odd" if self.input % 2 else "even"
        self.next({"odd": self.odd_one, "even": self.even_one}, condition="odd")

    @step
    def odd_one(self):
        self.value = -self.input
        self.next(self.both)

    @step
    def even_one(self):
        self.value = self.input * 10
        self.next(self.both)

    @step
    def both(self):
        self.value += 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [each.value for each in inputs]
        self.n = inputs[0].n
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.values)


if __name__ == "__main__":
    SwitchKinds()
