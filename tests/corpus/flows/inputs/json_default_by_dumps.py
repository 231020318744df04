# idiom: a list as a parameter, with `json.dumps` as its default, and a foreach over it
# expect: compiles
# arguments: --rates "[0.5]"
# arguments:
import json

from metaflow import FlowSpec, JSONType, Parameter, step


class Rates(FlowSpec):
    rates = Parameter("rates", default=json.dumps([0.1, 0.01]), type=JSONType)

    @step
    def start(self):
        self.next(self.train, foreach="rates")

    @step
    def train(self):
        self.rate = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.tried = [each.rate for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Rates()
