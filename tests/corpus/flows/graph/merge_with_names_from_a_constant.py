# idiom: `exclude` is a list that is built elsewhere
# expect: compiles
from metaflow import FlowSpec, step

NOISY = ["seconds", "host"]


class Excluding(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2]
        self.kept = "k"
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.seconds = self.input
        self.host = f"host-{self.input}"
        self.value = 5
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, exclude=NOISY + ["parts"])
        self.next(self.end)

    @step
    def end(self):
        self.left = sorted(name for name in ("seconds", "kept", "value") if hasattr(self, name))


if __name__ == "__main__":
    Excluding()
