"""Two steps and what goes from one to the other."""

from metaflow import FlowSpec, step


class Linear(FlowSpec):
    """The smallest flow that does something."""

    greeting = "hello"

    @step
    def start(self):
        self.names = ["ada", "grace"]
        self.next(self.middle)

    @step
    def middle(self):
        self.lines = [f"{self.greeting} {name}" for name in self.names]
        self.next(self.end)

    @step
    def end(self):
        self.text = ", ".join(self.lines)


if __name__ == "__main__":
    Linear()
