"""Parameters as the documentation writes them."""
import json
from datetime import datetime

from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step


def default_of(context):
    return f"{context.flow_name}/{context.parameter_name}"


class ParametersOfDocs(FlowSpec):
    alpha = Parameter("alpha", help="Learning rate", default=0.01)
    gbp = Parameter("country-mapping", help="a mapping", type=JSONType, default='{"GB": [1, null, {"x": true}]}')
    whole = Parameter("whole", type=float, default=3)
    text = Parameter("text", default=None)
    flag = Parameter("flag", type=bool, default=True)
    listed = Parameter("listed", separator=",", default="a,b,c")
    computed = Parameter("computed", type=str, default=default_of)
    number = Parameter("number", type=int, default=lambda context: 7)
    required_not = Parameter("required-not", required=False)
    data = IncludeFile("data", default=__file__, is_text=True)

    @step
    def start(self):
        self.kinds = [type(each).__name__ for each in (self.alpha, self.gbp, self.whole, self.text, self.flag, self.listed, self.computed, self.number)]
        self.first_line = self.data.splitlines()[0]
        self.changed = json.dumps(self.gbp)
        try:
            self.alpha = 5
        except AttributeError as error:
            self.refused = type(error).__name__
        self.next(self.each, foreach="listed")

    @step
    def each(self):
        self.got = (self.input, self.number, self.flag)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [one.got for one in inputs]
        self.again = (self.alpha, self.computed)
        self.next(self.end)

    @step
    def end(self):
        self.required = self.required_not
        self.year = datetime(2020, 1, 2).year


if __name__ == "__main__":
    ParametersOfDocs()
