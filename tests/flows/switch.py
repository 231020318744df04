"""A switch whose ways meet again, and one of whose ways is a split."""

from metaflow import FlowSpec, Parameter, step


class SwitchFlow(FlowSpec):
    size = Parameter("size", default="small", help="small, big or huge")

    @step
    def start(self):
        self.route = self.size
        self.next({"small": self.quick, "big": self.thorough, "huge": self.divide}, condition="route")

    @step
    def quick(self):
        self.way = "quick"
        self.next(self.report)

    @step
    def thorough(self):
        self.way = "thorough"
        self.next(self.report)

    @step
    def divide(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.half = "l"
        self.next(self.unite)

    @step
    def right(self):
        self.half = "r"
        self.next(self.unite)

    @step
    def unite(self, inputs):
        self.way = "".join(each.half for each in inputs)
        self.next(self.report)

    @step
    def report(self):
        self.message = f"took the {self.way} way"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchFlow()
