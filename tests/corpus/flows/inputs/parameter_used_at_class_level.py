# idiom: constants of the class beside its parameters
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class ClassLevel(FlowSpec):
    FEATURES = ["a", "b", "c"]
    TARGET = "y"
    COLUMNS = FEATURES + [TARGET]
    SIZES = {"small": 1, "large": len(FEATURES)}

    size = Parameter("size", default="large")
    count = Parameter("count", default=2 * 2)

    @step
    def start(self):
        self.features = self.FEATURES[: self.SIZES[self.size]]
        self.columns = self.COLUMNS[: self.count]
        self.next(self.end)

    @step
    def end(self):
        self.target = self.TARGET


if __name__ == "__main__":
    ClassLevel()
