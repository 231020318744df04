# idiom: one branch may fail, and the join looks which
# expect: compiles
from metaflow import FlowSpec, catch, step


class Branches(FlowSpec):
    @step
    def start(self):
        self.next(self.safe, self.risky)

    @step
    def safe(self):
        self.source = "cache"
        self.next(self.join)

    @catch(var="problem", print_exception=False)
    @step
    def risky(self):
        self.source = "network"
        raise TimeoutError("no answer")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.failed = bool(inputs.risky.problem)
        self.source = inputs.safe.source if self.failed else inputs.risky.source
        self.next(self.end)

    @step
    def end(self):
        print(self.source)


if __name__ == "__main__":
    Branches()
