# idiom: a flow of one step
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Only(FlowSpec):
    number = Parameter("number", default=6)

    @step
    def go(self):
        self.answer = self.number * 7


if __name__ == "__main__":
    Only()
