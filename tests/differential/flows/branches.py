# aside: order, first, last, some
# (the order of branches is that of a set in Metaflow, another one in each run; here it is sorted by the steps' names)
from metaflow import FlowSpec, step


class Branches(FlowSpec):
    @step
    def start(self):
        self.base = 10
        self.next(self.zulu, self.alpha, self.mike)

    @step
    def zulu(self):
        self.value = self.base + 1
        self.next(self.join)

    @step
    def alpha(self):
        self.value = self.base + 2
        self.only_alpha = True
        self.next(self.join)

    @step
    def mike(self):
        self.value = self.base + 3
        self.next(self.join)

    @step
    def join(self, inputs):
        self.order = [each.value for each in inputs]
        self.named = (inputs.zulu.value, inputs.alpha.value, inputs.mike.value)
        self.first, self.last, self.some = inputs[0].value, inputs[-1].value, [each.value for each in inputs[1:]]
        self.has_base = hasattr(self, "base")
        self.has_length = hasattr(inputs, "__len__")
        self.base = inputs.alpha.base
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.order)


if __name__ == "__main__":
    Branches()
