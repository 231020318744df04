"""Three nested foreaches over things of all kinds, with what each level is told."""
from metaflow import FlowSpec, current, step


class ThreeForeaches(FlowSpec):
    letters = "ab"

    @step
    def start(self):
        self.next(self.outer, foreach="letters")

    @step
    def outer(self):
        self.letter = self.input
        self.pairs = list(enumerate("xy"))
        self.next(self.middle, foreach="pairs")

    @step
    def middle(self):
        self.number, self.sign = self.input
        self.keys = {"k": 1, "l": 2}.keys() and ["k", "l"]
        self.next(self.inner, foreach="keys")

    @step
    def inner(self):
        self.where = (self.letter, self.number, self.sign, self.input, self.index)
        self.stack = [tuple(frame)[:3] if isinstance(frame, tuple) else frame for frame in self.foreach_stack()]
        self.next(self.join_inner)

    @step
    def join_inner(self, inputs):
        self.wheres = [each.where for each in inputs]
        self.stacks = [each.stack for each in inputs]
        self.own_input = self.input
        self.own_index = self.index
        self.merge_artifacts(inputs, include=["letter", "sign"])
        self.next(self.join_middle)

    @step
    def join_middle(self, inputs):
        self.wheres = sorted(where for each in inputs for where in each.wheres)
        self.inputs_seen = [each.own_input for each in inputs]
        self.letter = inputs[0].letter
        self.next(self.join_outer)

    @step
    def join_outer(self, inputs):
        self.all = [each.wheres for each in inputs]
        self.letters_seen = [each.letter for each in inputs]
        self.at_top = (self.index, self.input)
        self.next(self.end)

    @step
    def end(self):
        self.count = sum(len(each) for each in self.all)


if __name__ == "__main__":
    ThreeForeaches()
