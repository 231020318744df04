# fails: a step raises
from metaflow import FlowSpec, step


class Raising(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        raise ValueError("as meant")


if __name__ == "__main__":
    Raising()
