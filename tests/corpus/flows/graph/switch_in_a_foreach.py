# idiom: each item of a foreach takes its own way
# expect: compiles
from metaflow import FlowSpec, step


class Ways(FlowSpec):
    @step
    def start(self):
        self.documents = ["x.pdf", "y.txt"]
        self.next(self.look, foreach="documents")

    @step
    def look(self):
        self.document = self.input
        self.kind = self.document.rpartition(".")[2]
        self.next({"pdf": self.scan, "txt": self.read}, condition="kind")

    @step
    def scan(self):
        self.text = f"scanned {self.document}"
        self.next(self.index_it)

    @step
    def read(self):
        self.text = f"read {self.document}"
        self.next(self.index_it)

    @step
    def index_it(self):
        self.words = self.text.split()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.words = [each.words for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Ways()
