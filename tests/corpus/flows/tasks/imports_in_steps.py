# idiom: heavy modules are imported in the steps that need them
# expect: compiles
from metaflow import FlowSpec, step


class Lazy(FlowSpec):
    @step
    def start(self):
        import statistics as st
        from math import pi, sqrt

        self.mean = st.mean([1, 2, 3])
        self.root = sqrt(4) * round(pi)
        self.next(self.end)

    @step
    def end(self):
        import importlib

        json = importlib.import_module("json")
        self.text = json.dumps(self.mean)


if __name__ == "__main__":
    Lazy()
