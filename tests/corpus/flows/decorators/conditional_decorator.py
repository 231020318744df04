# idiom: a function of the file chooses between a decorator and nothing
# expect: compiles
import os

from metaflow import FlowSpec, retry, step

ON_CLUSTER = os.environ.get("ON_CLUSTER", "no") == "yes"


def maybe(decorator, condition):
    return decorator if condition else (lambda function: function)


class Maybe(FlowSpec):
    @maybe(retry(times=2), ON_CLUSTER)
    @step
    def start(self):
        self.on_cluster = ON_CLUSTER
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Maybe()
