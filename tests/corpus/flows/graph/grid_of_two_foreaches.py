# idiom: a foreach in a foreach: folds of each candidate
# expect: compiles
from metaflow import FlowSpec, step


class Grid(FlowSpec):
    @step
    def start(self):
        self.rates = [1, 2]
        self.next(self.candidate, foreach="rates")

    @step
    def candidate(self):
        self.rate = self.input
        self.folds = list(range(3))
        self.next(self.fold, foreach="folds")

    @step
    def fold(self):
        self.score = self.rate * 10 + self.input
        self.place = self.index
        self.next(self.folded)

    @step
    def folded(self, inputs):
        self.mean = sum(each.score for each in inputs) / len(list(inputs))
        self.rate = inputs[0].rate
        self.next(self.chosen)

    @step
    def chosen(self, inputs):
        self.best = max((each.mean, each.rate) for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Grid()
