"""Every item goes through a loop of its own length."""

from metaflow import FlowSpec, step


class LoopInForeach(FlowSpec):
    @step
    def start(self):
        self.starts = [1, 3]
        self.next(self.prepare, foreach="starts")

    @step
    def prepare(self):
        self.left = self.input
        self.visits = 0
        self.next(self.count_down)

    @step
    def count_down(self):
        self.left -= 1
        self.visits += 1
        self.more = self.left > 0
        self.next({True: self.count_down, False: self.finish}, condition="more")

    @step
    def finish(self):
        self.result = (self.index, self.input, self.visits)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopInForeach()
