from metaflow import FlowSpec, parallel, step


class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, num_parallel=2)

    @parallel
    @step
    def a(self):
        self.next(self.c)

    @step
    def c(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
