# idiom: a foreach over `list(d.items())`, and the join makes a dictionary again
# expect: compiles
from metaflow import FlowSpec, step


class Items(FlowSpec):
    @step
    def start(self):
        sources = {"north": 3, "south": 4}
        self.sources = list(sources.items())
        self.next(self.load, foreach="sources")

    @step
    def load(self):
        self.region, size = self.input
        self.rows = [self.region] * size
        self.next(self.join)

    @step
    def join(self, inputs):
        self.tables = {each.region: each.rows for each in inputs}
        self.next(self.end)

    @step
    def end(self):
        self.sizes = {name: len(rows) for name, rows in self.tables.items()}


if __name__ == "__main__":
    Items()
