from metaflow import FlowSpec, step


class F(FlowSpec):
    K = 1

    @step
    def start(self):
        self.x = 1
        self.next({-1: self.a, 2: self.end}, condition="x")

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
