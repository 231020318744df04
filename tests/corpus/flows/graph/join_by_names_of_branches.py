# idiom: a join reads `inputs.NAME` of each branch, and resolves what merging cannot
# expect: compiles
from metaflow import FlowSpec, step


class ByName(FlowSpec):
    @step
    def start(self):
        self.config = {"seed": 1}
        self.next(self.linear, self.tree)

    @step
    def linear(self):
        self.model = "linear"
        self.error = 0.5
        self.next(self.compare)

    @step
    def tree(self):
        self.model = "tree"
        self.error = 0.25
        self.next(self.compare)

    @step
    def compare(self, inputs):
        self.errors = {"linear": inputs.linear.error, "tree": inputs.tree.error}
        winner = inputs.tree if inputs.tree.error < inputs.linear.error else inputs.linear
        self.model = winner.model
        self.merge_artifacts(inputs, exclude=["error"])
        self.next(self.end)

    @step
    def end(self):
        print(self.model, self.config)


if __name__ == "__main__":
    ByName()
