# idiom: steps and helpers that are called like functions of Python or Metaflow
# expect: compiles
from metaflow import FlowSpec, step


class Named(FlowSpec):
    @step
    def start(self):
        self.filter = lambda_free = "kept"
        self.id, self.type = 7, lambda_free
        self.next(self.run)

    @step
    def run(self):
        self.hash = hash(7)
        self.next(self.print)

    @step
    def print(self):
        print(self.id, self.type)
        self.next(self.end)

    @step
    def end(self):
        self.list = list(map(str, [1, 2]))


if __name__ == "__main__":
    Named()
