"""Files as inputs: text, bytes, one that a parser reads, one with an encoding of its own, and one that nobody gives."""

import os

from metaflow import FlowSpec, IncludeFile, step


def beside(name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


def rows(text):
    return [line.split(",") for line in text.splitlines()]


class IncludeFileFlow(FlowSpec):
    text = IncludeFile("text", default="include_file.csv", help="any text")
    raw = IncludeFile("raw", is_text=False, default=beside("include_file.csv"))
    table = IncludeFile("table", default=beside("include_file.csv"), parser=rows)
    latin = IncludeFile("latin-1", default=beside("include_file.latin1.txt"), encoding="latin-1")
    note = IncludeFile("note", help="nothing unless given")

    @step
    def start(self):
        self.lengths = [len(self.text), len(self.raw)]
        self.next(self.body, foreach="lengths")

    @step
    def body(self):
        self.cell = self.table[self.index][0]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.cells = [each.cell for each in inputs]
        self.columns = [list(column) for column in zip(*inputs[0].table)]
        self.next(self.end)

    @step
    def end(self):
        self.seen = [self.text, self.raw, self.table, self.latin, self.note]


if __name__ == "__main__":
    IncludeFileFlow()
