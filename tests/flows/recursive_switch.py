"""A loop: a switch that chooses its own step until it is done, then one of two ways."""

from metaflow import FlowSpec, step


class RecursiveSwitch(FlowSpec):
    @step
    def start(self):
        self.number = 5
        self.trace = []
        self.next(self.collatz)

    @step
    def collatz(self):
        self.trace = self.trace + [self.number]
        if self.number == 1:
            self.state = "long" if len(self.trace) > 5 else "short"
        else:
            self.number = self.number // 2 if self.number % 2 == 0 else 3 * self.number + 1
            self.state = "again"
        self.next({"again": self.collatz, "long": self.praise, "short": self.shrug}, condition="state")

    @step
    def praise(self):
        self.word = "long"
        self.next(self.end)

    @step
    def shrug(self):
        self.word = "short"
        self.next(self.end)

    @step
    def end(self):
        self.length = len(self.trace)


if __name__ == "__main__":
    RecursiveSwitch()
