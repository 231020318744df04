# idiom: a parameter with a separator, and one that is split by hand
# expect: compiles
# arguments: --models a,b --sizes "1, 2"
from metaflow import FlowSpec, Parameter, step


class Separated(FlowSpec):
    models = Parameter("models", separator=",", default="tree")
    sizes = Parameter("sizes", default="3")

    @step
    def start(self):
        self.numbers = [int(size) for size in self.sizes.split(",")]
        self.next(self.train, foreach="models")

    @step
    def train(self):
        self.trained = f"{self.input}:{max(self.numbers)}"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.trained = [each.trained for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Separated()
