from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.next({1: self.a, 2: self.end})

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
