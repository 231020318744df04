# idiom: comments stand between `@step` and the join, and a function in it looks at what each branch has
# expect: compiles
from metaflow import FlowSpec, step


class Compared(FlowSpec):
    @step
    def start(self):
        self.shared = 1
        self.next(self.forest, self.boosting)

    # the first model
    @step
    def forest(self):
        self.forest_score = 0.25
        self.next(self.choose)

    # the second model
    @step
    def boosting(self):
        self.boosting_score = 0.5
        self.next(self.choose)

    @step
    # joins the models
    # and keeps the better
    def choose(self, inputs):
        def score(branch):
            return branch.forest_score if hasattr(branch, "forest_score") else branch.boosting_score

        self.scores = sorted(map(score, inputs), reverse=True)
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.total = self.forest_score + self.boosting_score + self.shared


if __name__ == "__main__":
    Compared()
