# idiom: copies before a change, and views of a dictionary made into lists
# expect: compiles
import copy
from operator import itemgetter

from metaflow import FlowSpec, step


class Copies(FlowSpec):
    @step
    def start(self):
        self.defaults = {"layers": [8, 4], "rate": 0.1}
        self.params = copy.deepcopy(self.defaults)
        self.params["layers"].append(2)
        self.keys = list(self.params.keys())
        self.next(self.end)

    @step
    def end(self):
        self.merged = {**self.defaults, **self.params} | {"rate": 0.2}
        self.rows = sorted([{"n": 2}, {"n": 1}], key=itemgetter("n"))


if __name__ == "__main__":
    Copies()
