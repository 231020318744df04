from metaflow import FlowSpec, Parameter, step


def log_step(function):
    print("decorated", function.__name__)
    return function


class BaseFlow(FlowSpec):
    limit = Parameter("limit", default=2, help="how many rows")

    def load(self, limit):
        return list(range(limit))

    @step
    def start(self):
        self.began = True
        self.next(self.work)

    @step
    def end(self):
        self.count = len(self.rows)
