# idiom: a question, if nobody gives the value
# expect: compiles
# arguments: --who you
from metaflow import FlowSpec, Parameter, step


class Asked(FlowSpec):
    who = Parameter("who", prompt="Who?", default="me")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Asked()
