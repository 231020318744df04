from metaflow import FlowSpec, step


class RecursionInForeach(FlowSpec):
    @step
    def start(self):
        self.limits = [1, 3, 2]
        self.next(self.loop, foreach="limits")

    @step
    def loop(self):
        self.visits = getattr(self, "visits", 0) + 1
        self.state = "more" if self.visits < self.input else "done"
        self.next({"more": self.loop, "done": self.after}, condition="state")

    @step
    def after(self):
        self.where = (self.index, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.visits = [each.visits for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RecursionInForeach()
