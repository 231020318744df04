# idiom: a helper calls `super()`, and so does a step's replacement
# expect: compiles
from metaflow import FlowSpec, step


class Parent(FlowSpec):
    def describe(self):
        return ["parent"]

    @step
    def start(self):
        self.words = self.describe()
        self.next(self.end)

    @step
    def end(self):
        self.done = True


class Child(Parent):
    def describe(self):
        return super().describe() + ["child"]

    @step
    def start(self):
        self.words = super(Child, self).describe() + self.describe()
        self.next(self.end)


if __name__ == "__main__":
    Child()
