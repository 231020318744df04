# idiom: artifacts are set and read by computed names
# expect: compiles
from metaflow import FlowSpec, step


class Computed(FlowSpec):
    @step
    def start(self):
        for name, value in {"alpha": 1, "beta": 2}.items():
            setattr(self, f"score_{name}", value)
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(getattr(self, f"score_{name}") for name in ("alpha", "beta"))
        self.missing = getattr(self, "score_gamma", None)
        self.has = hasattr(self, "score_alpha")


if __name__ == "__main__":
    Computed()
