# idiom: a tuple as a default, without a type
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Tupled(FlowSpec):
    sizes = Parameter("sizes", default=(1, 2))

    @step
    def start(self):
        self.first = self.sizes[0]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Tupled()
