# idiom: a decorator that a variable of the environment switches off, and that nobody sets
# expect: compiles
import os

from metaflow import FlowSpec, resources, retry, step


def only_remote(**amounts):
    if os.environ.get("CORPUS_LOCAL"):
        return lambda function: function
    return resources(**amounts)


def careful(function):
    for decorator in (retry(times=2), resources(memory=256)):
        function = decorator(function)
    return function


class Switched(FlowSpec):
    @only_remote(memory=512)
    @step
    def start(self):
        self.mode = "test" if os.getenv("CORPUS_MODE") == "test" else "full"
        self.next(self.end)

    @careful
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Switched()
