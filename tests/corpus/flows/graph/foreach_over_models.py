# idiom: one task for each model and its settings, and the best is kept
# expect: compiles
from metaflow import FlowSpec, step


def score(name, depth):
    return len(name) * depth


class Models(FlowSpec):
    @step
    def start(self):
        self.grid = [("tree", {"depth": 2}), ("forest", {"depth": 3}), ("line", {"depth": 1})]
        self.next(self.train, foreach="grid")

    @step
    def train(self):
        self.model, params = self.input
        self.score = score(self.model, **params)
        self.next(self.choose)

    @step
    def choose(self, inputs):
        ranked = sorted(inputs, key=lambda run: run.score, reverse=True)
        self.best = ranked[0].model
        self.results = [(run.model, run.score) for run in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("best:", self.best)


if __name__ == "__main__":
    Models()
