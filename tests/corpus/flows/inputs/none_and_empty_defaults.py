# idiom: defaults that are None, empty or zero, and what they become
# expect: compiles
from metaflow import FlowSpec, JSONType, Parameter, step


class Empty(FlowSpec):
    nothing = Parameter("nothing", default=None, type=int)
    text = Parameter("text", default="")
    zero = Parameter("zero", default=0)
    off = Parameter("off", default=False)
    table = Parameter("table", default="{}", type=JSONType)
    unset = Parameter("unset")

    @step
    def start(self):
        self.values = [self.nothing, self.text, self.zero, self.off, self.table, self.unset]
        self.next(self.end)

    @step
    def end(self):
        self.given = [value for value in self.values if value is not None]


if __name__ == "__main__":
    Empty()
