from metaflow import FlowSpec, step


class JoinReads(FlowSpec):
    shared = "constant"

    @step
    def start(self):
        self.x = [1]
        self.next(self.a, self.b)

    @step
    def a(self):
        self.x.append(2)
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = (hasattr(self, "x"), inputs.a.x, inputs.b.x, inputs.a.shared, self.shared)
        self.where = [(each.index, each.input, each.foreach_stack()) for each in inputs]
        try:
            inputs.c
        except AttributeError as error:
            self.refused = type(error).__name__
        try:
            inputs[5]
        except IndexError as error:
            self.refused_index = type(error).__name__
        self.sliced = [each.x for each in inputs[:1]]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    JoinReads()
