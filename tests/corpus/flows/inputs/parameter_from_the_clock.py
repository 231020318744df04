# idiom: a default that only Python can evaluate
# expect: FLOW120
# metaflow: a spec cannot have it
from datetime import datetime

from metaflow import FlowSpec, Parameter, step


class Clocked(FlowSpec):
    year = Parameter("year", default=datetime.now().strftime("%Y"))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Clocked()
