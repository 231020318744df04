# fails: what `__init__` raises ends the run
from metaflow import FlowSpec, step


class OwnInitRaises(FlowSpec):
    def __init__(self, use_cli=True):
        self.q = 1 / 0
        super().__init__(use_cli)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OwnInitRaises()
