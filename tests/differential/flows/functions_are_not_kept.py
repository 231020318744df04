import functools

from metaflow import FlowSpec, step


def helper():
    return 1


class Callable:
    def __call__(self):
        return 2


class FunctionsAreNotKept(FlowSpec):
    def method(self, x):
        return x + 1

    @property
    def twice(self):
        return self.x * 2

    @staticmethod
    def fixed(x):
        return x

    @classmethod
    def of_class(cls):
        return cls.__name__

    @step
    def start(self):
        self.x = 4
        self.function = helper
        self.small = lambda: 1
        self.bound = self.method
        self.callable = Callable()
        self.part = functools.partial(max, 3)
        self.seen = (self.function(), self.small(), self.bound(1))
        self.next(self.end)

    @step
    def end(self):
        self.there = [hasattr(self, name) for name in ("function", "small", "bound", "callable", "part")]
        self.results = (self.callable(), self.part(1), self.twice, self.method(1), self.fixed(3), self.of_class())


if __name__ == "__main__":
    FunctionsAreNotKept()
