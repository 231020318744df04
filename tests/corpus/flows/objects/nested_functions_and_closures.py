# idiom: functions defined in a step close over its variables
# expect: compiles
from metaflow import FlowSpec, step


class Closures(FlowSpec):
    @step
    def start(self):
        counter = 0

        def bump(by=1):
            nonlocal counter
            counter += by
            return counter

        class Row:
            def __init__(self, number):
                self.number = number

        self.values = [bump(), bump(2), Row(bump()).number]
        self.next(self.end)

    @step
    def end(self):
        def finish(self):
            return self["a"]

        self.result = finish({"a": self.values[-1]})


if __name__ == "__main__":
    Closures()
