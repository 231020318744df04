# idiom: constants of tuples, sets and frozensets in the flow's class
# expect: compiles
from metaflow import FlowSpec, step


class Constants(FlowSpec):
    """A flow with
    constants."""

    NAMES = frozenset({"a", "b"})
    ALLOWED = {"x", "y"}
    PAIRS = (("x", 1), ("y", 2), ("z", 3))

    @step
    def start(self):
        self.table = {"rows": [name for name, _ in self.PAIRS if name in self.ALLOWED]}
        self.next(self.end)

    @step
    def end(self):
        self.sorted_names = sorted(self.NAMES)


if __name__ == "__main__":
    Constants()
