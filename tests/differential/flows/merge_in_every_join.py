"""merge_artifacts at joins of branches in foreaches in branches, where everything agrees."""
from metaflow import FlowSpec, step


class MergeInEveryJoin(FlowSpec):
    @step
    def start(self):
        self.base = {"k": [1]}
        self.next(self.left, self.right)

    @step
    def left(self):
        self.of_left = 1
        self.names = ["n", "m"]
        self.next(self.named, foreach="names")

    @step
    def named(self):
        self.name_given = self.input
        self.next(self.up, self.down)

    @step
    def up(self):
        self.u = self.name_given.upper()
        self.next(self.met)

    @step
    def down(self):
        self.d = self.name_given * 2
        self.next(self.met)

    @step
    def met(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.gathered)

    @step
    def gathered(self, inputs):
        self.u = [each.u for each in inputs]
        self.d = [each.d for each in inputs]
        self.name_given = None
        self.merge_artifacts(inputs)
        self.next(self.joined)

    @step
    def right(self):
        self.of_right = 2
        self.next(self.joined)

    @step
    def joined(self, inputs):
        self.merge_artifacts(inputs, exclude=["names"])
        self.next(self.end)

    @step
    def end(self):
        self.all = (self.base, self.of_left, self.of_right, self.u, self.d, self.name_given, hasattr(self, "names"))


if __name__ == "__main__":
    MergeInEveryJoin()
