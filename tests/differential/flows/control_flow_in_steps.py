"""`self.next` after loops, in try, with, if and match; steps that return early; nested helpers that end with it."""
from metaflow import FlowSpec, Parameter, step


class ControlFlowInSteps(FlowSpec):
    debug = Parameter("debug", default=False, type=bool)

    @step
    def start(self):
        try:
            self.parts = [int(each) for each in "1,2,3".split(",")]
        except ValueError:
            self.parts = []
        else:
            self.parsed = True
        while self.parts and self.parts[-1] > 2:
            self.popped = self.parts.pop()
        if self.debug:
            print("debug")
            self.level = "debug"
        elif not self.parts:
            self.level = "empty"
        else:
            self.level = "usual"
        with open(__file__) as file:
            self.lines = len(file.readlines()) > 3
        self.next(self.fan, foreach="parts")

    @step
    def fan(self):
        results = {}
        for key in "xy":
            results[key] = self.input * (1 if key == "x" else -1)
            if key == "z":
                break
        else:
            results["complete"] = True
        self.results = results
        self.label = f"{self.input:03d}|{results!r:>10}"
        self.next(self.gather)

    @step
    def gather(self, branches):
        self.results = {each.label: each.results for each in branches}
        first, *_ = branches
        self.first = first.index
        self.best = max(branches, key=lambda each: each.results["x"]).input
        self.level = {each.level for each in branches}.pop()
        self.next(self.end)

    @step
    def end(self):
        total = 0
        for each in self.results.values():
            total += each["x"]
        self.total = total
        assert self.level == "usual", self.level


if __name__ == "__main__":
    ControlFlowInSteps()
