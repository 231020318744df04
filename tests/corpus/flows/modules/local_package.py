# idiom: a package beside the flow, with relative imports among its modules
# expect: compiles
from corpus_package import describe
from corpus_package.models.linear import Linear

from metaflow import FlowSpec, step


class Packaged(FlowSpec):
    @step
    def start(self):
        self.model = Linear(slope=2)
        self.next(self.end)

    @step
    def end(self):
        self.text = describe(self.model)
        self.predicted = self.model.predict([1, 2])


if __name__ == "__main__":
    Packaged()
