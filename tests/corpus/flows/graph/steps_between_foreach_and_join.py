# idiom: several steps between the foreach and its join, and `self.input` in the later ones
# expect: compiles
from metaflow import FlowSpec, step


class Long(FlowSpec):
    @step
    def start(self):
        self.files = ["a.txt", "b.txt"]
        self.next(self.load, foreach="files")

    @step
    def load(self):
        self.rows = len(self.input)
        self.next(self.clean)

    @step
    def clean(self):
        self.source = self.input
        self.rows -= 1
        self.next(self.store)

    @step
    def store(self):
        self.key = f"{self.index}-{self.source}"
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.keys = [each.key for each in inputs]
        self.rows = sum(each.rows for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Long()
