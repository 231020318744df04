from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b, self.c)

    @step
    def a(self):
        self.next(self.j)

    @step
    def b(self):
        self.next(self.j)

    @step
    def c(self):
        self.next(self.k)

    @step
    def j(self, inputs):
        self.next(self.k)

    @step
    def k(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
