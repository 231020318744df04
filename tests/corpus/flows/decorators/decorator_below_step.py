# idiom: a plain Python decorator below `@step`
# expect: compiles
import functools

from metaflow import FlowSpec, step


def counted(function):
    @functools.wraps(function)
    def inner(self, *inputs):
        self.calls = getattr(self, "calls", 0) + 1
        return function(self, *inputs)

    return inner


class DecoratorBelowStep(FlowSpec):
    @step
    @counted
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorBelowStep()
