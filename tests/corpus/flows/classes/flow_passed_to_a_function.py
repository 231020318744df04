# idiom: the flow itself is handed to a function that reads and sets artifacts
# expect: compiles
from metaflow import FlowSpec, step


def load_into(flow, name):
    flow.table = [name, flow.prefix]


class Passed(FlowSpec):
    @step
    def start(self):
        self.prefix = "p"
        load_into(self, "rows")
        self.next(self.end)

    @step
    def end(self):
        self.size = len(self.table)


if __name__ == "__main__":
    Passed()
