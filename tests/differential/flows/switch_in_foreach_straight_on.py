from metaflow import FlowSpec, step


class SwitchInForeachStraightOn(FlowSpec):
    @step
    def start(self):
        self.xs = [3, 4, 5, 6]
        self.next(self.sort, foreach="xs")

    @step
    def sort(self):
        self.kind = "odd" if self.input % 2 else "even"
        self.next({"odd": self.odd, "even": self.even}, condition="kind")

    @step
    def odd(self):
        self.value = -self.input
        self.next(self.join)

    @step
    def even(self):
        self.value = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = sorted(each.value for each in inputs)
        self.last_of_each = (inputs.odd.value, inputs.even.value)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchInForeachStraightOn()
