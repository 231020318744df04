from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.xs = [1]
        self.next(self.j, foreach="xs")

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
