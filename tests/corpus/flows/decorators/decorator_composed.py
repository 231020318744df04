# idiom: a decorator that composes several
# expect: compiles
import functools

from metaflow import FlowSpec, resources, retry, step


def composed(*decorators):
    return lambda function: functools.reduce(lambda inner, outer: outer(inner), reversed(decorators), function)


standard = composed(retry(times=2), resources(cpu=1))


class DecoratorComposed(FlowSpec):
    @standard
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorComposed()
