# idiom: a decorator of the flow's own measures helpers, and one wraps a step
# expect: compiles
import functools
import time

from metaflow import FlowSpec, step


def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        began = time.perf_counter()
        result = function(*args, **kwargs)
        print(f"{function.__name__}: {time.perf_counter() - began:.1f} s")
        return result

    return wrapper


class Timed(FlowSpec):
    @timed
    def load(self, count):
        return list(range(count))

    @step
    @timed
    def start(self):
        self.rows = self.load(3)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Timed()
