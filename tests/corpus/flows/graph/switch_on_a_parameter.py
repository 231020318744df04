# idiom: a switch chooses by a parameter
# expect: compiles
# arguments: --mode full
# arguments: --mode quick
from metaflow import FlowSpec, Parameter, step


class Switched(FlowSpec):
    mode = Parameter("mode", default="quick")

    @step
    def start(self):
        self.way = self.mode
        self.next({"quick": self.sample, "full": self.everything}, condition="way")

    @step
    def sample(self):
        self.rows = 10
        self.next(self.report)

    @step
    def everything(self):
        self.rows = 1000
        self.next(self.report)

    @step
    def report(self):
        self.text = f"{self.rows} rows"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Switched()
