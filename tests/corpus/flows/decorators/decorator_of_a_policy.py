# idiom: a bound method, and a static one, as decorators
# expect: compiles
from metaflow import FlowSpec, resources, retry, step


class Policy:
    def __init__(self, cpu):
        self.cpu = cpu

    def sized(self, function):
        return resources(cpu=self.cpu)(function)

    @staticmethod
    def sturdy(function):
        return retry(times=1)(function)


policy = Policy(1)


class DecoratorOfAPolicy(FlowSpec):
    @policy.sized
    @Policy.sturdy
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorOfAPolicy()
