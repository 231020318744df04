from metaflow import FlowSpec, step


class Deleting(FlowSpec):
    @step
    def start(self):
        self.a, self.b, self.c = 1, 2, 3
        del self.c
        self.has_c = hasattr(self, "c")
        self.next(self.middle)

    @step
    def middle(self):
        try:
            del self.a
        except AttributeError as error:
            self.refused = type(error).__name__
        self.read = self.b
        del self.b
        self.still = self.b
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.a, self.b, hasattr(self, "c"))


if __name__ == "__main__":
    Deleting()
