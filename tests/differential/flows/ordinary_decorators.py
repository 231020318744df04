import functools

from metaflow import FlowSpec, step


def logged(function):
    @functools.wraps(function)
    def wrapper(self, *arguments):
        self.calls = getattr(self, "calls", 0) + 1
        return function(self, *arguments)

    return wrapper


class OrdinaryDecorators(FlowSpec):
    @logged
    @step
    def start(self):
        self.next(self.middle)

    @step
    @logged
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.calls


if __name__ == "__main__":
    OrdinaryDecorators()
