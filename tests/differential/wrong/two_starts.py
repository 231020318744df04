from metaflow import FlowSpec, step


class F(FlowSpec):
    @step(start=True)
    def a(self):
        self.next(self.end)

    @step(start=True)
    def b(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
