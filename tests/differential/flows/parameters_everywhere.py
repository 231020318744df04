# arguments:
# arguments: --alpha 2 --the-limit 3
from metaflow import FlowSpec, Parameter, current, step


class ParametersEverywhere(FlowSpec):
    alpha = Parameter("alpha", default=1.5)
    limit = Parameter("the-limit", type=int, default=2)

    @step
    def start(self):
        self.xs = range(self.limit)
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.got = self.alpha * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.of_inputs = [each.alpha for each in inputs]
        self.names = sorted(current.parameter_names)
        self.got = sum(each.got for each in inputs)
        self.merge_artifacts(inputs, include=["xs"])
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.alpha, self.limit, self.got)


if __name__ == "__main__":
    ParametersEverywhere()
