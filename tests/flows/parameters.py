"""Parameters of every type, with and without defaults."""

from metaflow import FlowSpec, JSONType, Parameter, step


class Parameters(FlowSpec):
    text = Parameter("text", default='say "hi" & bye', help="any text")
    number = Parameter("number", default=3, help="a whole number")
    rate = Parameter("learning-rate", default=0.5, type=float)
    verbose = Parameter("verbose", default=False, type=bool)
    table = Parameter("table", default='{"a": [1, 2]}', type=JSONType)
    words = Parameter("words", default="x,y,z", separator=",")
    note = Parameter("note", help="nothing unless given")

    @step
    def start(self):
        self.types = [type(each).__name__ for each in (self.text, self.number, self.rate, self.verbose, self.table, self.words, self.note)]
        self.next(self.end)

    @step
    def end(self):
        self.seen = [self.text, self.number, self.rate, self.verbose, self.table, list(self.words), self.note]


if __name__ == "__main__":
    Parameters()
