# idiom: a decorator with arguments wraps a step, below `@step`
# expect: compiles
from functools import wraps

from metaflow import FlowSpec, step


def installed(packages):
    def decorate(function):
        @wraps(function)
        def wrapper(self, *args, **kwargs):
            self.installed = sorted(packages)
            return function(self, *args, **kwargs)

        return wrapper

    return decorate


class Installing(FlowSpec):
    @step
    @installed({"b": "1", "a": "2"})
    def start(self):
        self.count = len(self.installed)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Installing()
