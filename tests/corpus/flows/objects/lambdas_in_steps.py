# idiom: lambdas sort, filter and map; none of them is kept
# expect: compiles
from functools import partial, reduce

from metaflow import FlowSpec, step

labeling = lambda row: 1 if row["rating"] >= 4 else 0  # noqa: E731


class Lambdas(FlowSpec):
    @step
    def start(self):
        rows = [{"id": 1, "rating": 5}, {"id": 2, "rating": 2}, {"id": 3, "rating": 4}]
        self.labels = list(map(labeling, rows))
        self.ordered = sorted(rows, key=lambda row: (-row["rating"], row["id"]))
        twice = partial(lambda factor, value: factor * value, 2)
        self.total = reduce(lambda left, right: left + right, map(twice, self.labels), 0)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Lambdas()
