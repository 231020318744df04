# idiom: a wrapper applies a decorator only if a variable says so
# expect: compiles
# options: --env ON_CLUSTER=0
# environment: ON_CLUSTER=0
import os

from metaflow import FlowSpec, resources, step


def enable(decorator, flag):
    try:
        flag = bool(int(flag))
    except (TypeError, ValueError):
        flag = False

    def wrap(function):
        if flag:
            return decorator(function)
        return function

    return wrap


class Enabled(FlowSpec):
    @enable(resources(memory=8000), flag=os.getenv("ON_CLUSTER"))
    @step
    def start(self):
        self.rows = [1]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Enabled()
