# idiom: a stored object of a class of decorators that inherits its call
# expect: compiles
from metaflow import FlowSpec, retry, step


class Policy:
    times = 1

    def __call__(self, function):
        return retry(times=self.times)(function)


class Patient(Policy):
    times = 3


patient = Patient()


class DecoratorClassInherited(FlowSpec):
    @patient
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorClassInherited()
