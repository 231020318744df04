# idiom: a switch goes on, or passes a step by
# expect: compiles
# arguments: --deploy true
# arguments: --deploy false
from metaflow import FlowSpec, Parameter, step


class Skipping(FlowSpec):
    deploy = Parameter("deploy", type=bool, default=False)

    @step
    def start(self):
        self.way = "deploy" if self.deploy else "stop"
        self.next({"deploy": self.register, "stop": self.end}, condition="way")

    @step
    def register(self):
        self.registered = True
        self.next(self.end)

    @step
    def end(self):
        self.result = getattr(self, "registered", False)


if __name__ == "__main__":
    Skipping()
