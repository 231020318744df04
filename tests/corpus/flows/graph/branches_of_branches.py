# idiom: a branch splits again before the join
# expect: compiles
from metaflow import FlowSpec, step


class Twice(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.from_a = self.x + 1
        self.next(self.c, self.d)

    @step
    def b(self):
        self.from_b = self.x + 2
        self.next(self.last_join)

    @step
    def c(self):
        self.from_c = self.from_a * 2
        self.next(self.first_join)

    @step
    def d(self):
        self.from_d = self.from_a * 3
        self.next(self.first_join)

    @step
    def first_join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.last_join)

    @step
    def last_join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.total = self.from_b + self.from_c + self.from_d


if __name__ == "__main__":
    Twice()
