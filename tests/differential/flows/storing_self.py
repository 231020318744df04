# fails: a flow cannot be saved
from metaflow import FlowSpec, step


class StoringSelf(FlowSpec):
    @step
    def start(self):
        self.me = self
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    StoringSelf()
