# idiom: parameters of each type, with and without a type and a default
# expect: compiles
# arguments: --label x --count 3
# arguments: --label y --count 4 --rate 0.5 --flag true --table '{"a": 1}'
from metaflow import FlowSpec, JSONType, Parameter, step


class Types(FlowSpec):
    label = Parameter("label", required=True, type=str, help="No default")
    count = Parameter("count", type=int, required=True)
    rate = Parameter("rate", default=1e-3, type=float, show_default=True)
    flag = Parameter("flag", default=False, type=bool)
    table = Parameter("table", type=JSONType, default='{"b": [2]}')
    nothing = Parameter("nothing", type=str, default=None)

    @step
    def start(self):
        self.values = [self.label, self.count, self.rate, self.flag, self.table, self.nothing]
        self.next(self.end)

    @step
    def end(self):
        self.kinds = [type(value).__name__ for value in self.values]


if __name__ == "__main__":
    Types()
