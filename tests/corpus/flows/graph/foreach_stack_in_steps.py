# idiom: a step asks where it is in the foreaches
# expect: compiles
from metaflow import FlowSpec, step


class Stack(FlowSpec):
    @step
    def start(self):
        self.letters = ["a", "b"]
        self.next(self.outer, foreach="letters")

    @step
    def outer(self):
        self.numbers = [1, 2]
        self.next(self.inner, foreach="numbers")

    @step
    def inner(self):
        self.frames = [(index, count, str(value)) for index, count, value in self.foreach_stack()]
        self.next(self.joined)

    @step
    def joined(self, inputs):
        self.frames = [each.frames for each in inputs]
        self.next(self.all)

    @step
    def all(self, inputs):
        self.frames = [each.frames for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Stack()
