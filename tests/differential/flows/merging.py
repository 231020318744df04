from metaflow import FlowSpec, step


class Merging(FlowSpec):
    @step
    def start(self):
        self.same, self.changed, self.set_before, self.untouched = 1, "old", "old", [1, 2]
        self.next(self.a, self.b)

    @step
    def a(self):
        self.set_before, self.only_a, self.both = "a", "A", {"k": 1}
        self.next(self.join)

    @step
    def b(self):
        self.set_before, self.only_b, self.both = "b", "B", {"k": 1}
        self.untouched
        self.next(self.join)

    @step
    def join(self, inputs):
        self.set_before = "joined"
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.same, self.changed, self.set_before, self.untouched, self.only_a, self.only_b, self.both)


if __name__ == "__main__":
    Merging()
