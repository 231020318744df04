# idiom: a join that only waits: `def join(self, _)`
# expect: compiles
from metaflow import FlowSpec, step


class Waiting(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        print("worked on", self.input)
        self.next(self.join)

    @step
    def join(self, _):
        self.done = True
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Waiting()
