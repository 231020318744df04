# idiom: extract in parallel, join, and score in parallel
# expect: compiles
from metaflow import FlowSpec, step


class Phases(FlowSpec):
    @step
    def start(self):
        self.sources = ["a", "b"]
        self.next(self.extract, foreach="sources")

    @step
    def extract(self):
        self.rows = [f"{self.input}{number}" for number in range(2)]
        self.next(self.extracted)

    @step
    def extracted(self, inputs):
        self.rows = [row for each in inputs for row in each.rows]
        self.next(self.again)

    @step
    def again(self):
        self.next(self.score, foreach="rows")

    @step
    def score(self):
        self.scored = (self.input, ord(self.input[0]) + self.index)
        self.next(self.scored_all)

    @step
    def scored_all(self, inputs):
        self.scores = dict(each.scored for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Phases()
