# idiom: artifacts of some size: a hundred thousand numbers, and a text of a megabyte
# aside: numbers, text
# expect: compiles
from array import array

from metaflow import FlowSpec, step


class Large(FlowSpec):
    @step
    def start(self):
        self.numbers = array("l", range(100_000))
        self.text = "x" * 1_000_000
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.numbers)
        self.length = len(self.text)
        del self.numbers, self.text


if __name__ == "__main__":
    Large()
