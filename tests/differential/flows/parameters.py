# arguments:
# arguments: --text x --number 7 --learning-rate 1e-3 --flag True --table [1] --thing null --words p,q,r --nothing 0
# arguments: --flag False --words solo --text ''
import json

from metaflow import FlowSpec, JSONType, Parameter, current, step


class Parameters(FlowSpec):
    """A flow with parameters."""

    text = Parameter("text", default="t", help="some text")
    number = Parameter("number", default=3)
    rate = Parameter("learning-rate", default=0.5, type=float)
    flag = Parameter("flag", default=False)
    table = Parameter("table", type=JSONType, default='{"a": [1]}')
    thing = Parameter("thing", type=JSONType, default={"b": 2})
    words = Parameter("words", default="a,b", separator=",")
    nothing = Parameter("nothing", type=int)
    empty = Parameter("empty", default="", separator=",")

    @step
    def start(self):
        self.seen = [self.text, self.number, self.rate, self.flag, self.table, self.thing, self.words, self.nothing, self.empty]
        self.kinds = [type(each).__name__ for each in self.seen]
        try:
            self.number = 4
        except AttributeError as error:
            self.refused = str(error)
        self.next(self.end)

    @step
    def end(self):
        self.again = (self.number, self.rate, json.dumps(self.table))


if __name__ == "__main__":
    Parameters()
