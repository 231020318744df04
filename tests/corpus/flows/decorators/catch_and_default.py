# idiom: `@catch` keeps the exception, and the join goes on with what succeeded
# expect: compiles
from metaflow import FlowSpec, catch, step


class Caught(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 0, 2]
        self.next(self.divide, foreach="numbers")

    @catch(var="failure", print_exception=False)
    @step
    def divide(self):
        self.result = 10 / self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [each.result for each in inputs if not each.failure]
        self.failed = sum(1 for each in inputs if each.failure)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Caught()
