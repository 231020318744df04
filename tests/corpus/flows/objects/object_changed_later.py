# idiom: an object that the module changes
# expect: FLOW120
# metaflow: nothing to compare
from metaflow import FlowSpec, resources, step


class Plan:
    def __init__(self):
        self.cpu = 1


PLAN = Plan()
PLAN.cpu = 2


class Changed(FlowSpec):
    @resources(cpu=PLAN.cpu)
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Changed()
