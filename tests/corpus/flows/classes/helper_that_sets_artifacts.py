# idiom: helpers assign the artifacts, and steps only call them
# expect: compiles
from metaflow import FlowSpec, step


class Assigning(FlowSpec):
    def _read(self):
        self.rows = [3, 1, 2]
        self._sorted()

    def _sorted(self):
        self.ordered = sorted(self.rows)

    @step
    def start(self):
        self._read()
        self.next(self.end)

    @step
    def end(self):
        self._finish(last=self.ordered[-1])

    def _finish(self, last):
        self.last = last


if __name__ == "__main__":
    Assigning()
