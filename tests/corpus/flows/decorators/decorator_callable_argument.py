# idiom: a wrapper that asks whether its argument can be called
# expect: compiles
from metaflow import FlowSpec, retry, step


def sturdy(argument=None, times=2):
    def applied(function):
        return retry(times=times)(function)

    if callable(argument):
        return applied(argument)
    return applied


class DecoratorCallableArgument(FlowSpec):
    @sturdy(times=1)
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorCallableArgument()
