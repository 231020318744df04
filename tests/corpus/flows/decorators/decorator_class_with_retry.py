# idiom: a decorator that is an object, whose call applies Metaflow's decorators
# expect: compiles
from metaflow import FlowSpec, resources, retry, step


class Sturdy:
    def __init__(self, times=1, cpu=1):
        self.extra = [retry(times=times), resources(cpu=cpu)]

    def __call__(self, function):
        for decorator in self.extra:
            function = decorator(function)
        return function


class DecoratorClassWithRetry(FlowSpec):
    @Sturdy(times=2, cpu=2)
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorClassWithRetry()
