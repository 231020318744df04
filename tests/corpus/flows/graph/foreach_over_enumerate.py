# idiom: a foreach over numbered folds: `list(enumerate(...))`
# expect: compiles
from metaflow import FlowSpec, step


class Folds(FlowSpec):
    @step
    def start(self):
        rows = list(range(6))
        self.folds = list(enumerate((rows[:start] + rows[start + 2 :], rows[start : start + 2]) for start in (0, 2, 4)))
        self.next(self.fold, foreach="folds")

    @step
    def fold(self):
        self.number, (train, test) = self.input
        self.score = sum(train) - sum(test)
        self.next(self.average)

    @step
    def average(self, inputs):
        self.scores = [each.score for each in sorted(inputs, key=lambda each: each.number)]
        self.next(self.end)

    @step
    def end(self):
        self.mean = sum(self.scores) / len(self.scores)


if __name__ == "__main__":
    Folds()
