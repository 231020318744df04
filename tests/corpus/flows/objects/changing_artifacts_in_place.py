# idiom: lists and dicts of the steps before are changed in place
# expect: compiles
from metaflow import FlowSpec, step


class InPlace(FlowSpec):
    @step
    def start(self):
        self.log = []
        self.totals = dict()
        self.log.append("start")
        self.next(self.middle)

    @step
    def middle(self):
        self.log.append("middle")
        self.totals["n"] = self.totals.get("n", 0) + 1
        self.totals.update(m=2)
        self.next(self.end)

    @step
    def end(self):
        self.log += ["end"]
        del self.totals["m"]


if __name__ == "__main__":
    InPlace()
