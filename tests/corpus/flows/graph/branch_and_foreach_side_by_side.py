# idiom: one branch is a single step, the other fans out
# expect: compiles
from metaflow import FlowSpec, step


class Side(FlowSpec):
    @step
    def start(self):
        self.next(self.baseline, self.models)

    @step
    def baseline(self):
        self.score = 0.5
        self.next(self.compare)

    @step
    def models(self):
        self.depths = [1, 2, 3]
        self.next(self.train, foreach="depths")

    @step
    def train(self):
        self.score = self.input / 10
        self.next(self.best)

    @step
    def best(self, inputs):
        self.score = max(each.score for each in inputs)
        self.next(self.compare)

    @step
    def compare(self, inputs):
        self.scores = {"baseline": inputs.baseline.score, "model": inputs.best.score}
        self.next(self.end)

    @step
    def end(self):
        self.winner = max(self.scores, key=self.scores.get)


if __name__ == "__main__":
    Side()
