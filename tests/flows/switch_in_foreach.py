"""Each item takes its own way."""

from metaflow import FlowSpec, step


class SwitchInForeach(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.look, foreach="numbers")

    @step
    def look(self):
        self.kind = "even" if self.input % 2 == 0 else "odd"
        self.next({"even": self.halve, "odd": self.triple}, condition="kind")

    @step
    def halve(self):
        self.result = self.input // 2
        self.next(self.note)

    @step
    def triple(self):
        self.result = 3 * self.input + 1
        self.next(self.note)

    @step
    def note(self):
        self.line = f"{self.input} {self.kind} {self.result}"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.lines = [each.line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.results = [int(line.split()[-1]) for line in self.lines]


if __name__ == "__main__":
    SwitchInForeach()
