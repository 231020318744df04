# idiom: a wrapper that is used with and without parentheses
# expect: compiles
from metaflow import FlowSpec, retry, step


def sturdy(function=None, *, times=2):
    def applied(step_function):
        return retry(times=times)(step_function)

    return applied(function) if function is not None else applied


class DecoratorWithOrWithoutArguments(FlowSpec):
    @sturdy
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorWithOrWithoutArguments()
