# aside: name
from metaflow import FlowSpec, step


class NameIsTheFlowS(FlowSpec):
    @step
    def start(self):
        self.before = self.name
        self.name = "mine"
        self.after = self.name
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.name


if __name__ == "__main__":
    NameIsTheFlowS()
