# idiom: a join takes over a few artifacts by name
# expect: compiles
from metaflow import FlowSpec, step


class Include(FlowSpec):
    @step
    def start(self):
        self.ids = ["x", "y"]
        self.shared = "same"
        self.other = "left behind"
        self.next(self.work, foreach="ids")

    @step
    def work(self):
        self.result = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["shared", "ids"])
        self.results = dict(zip(self.ids, (each.result for each in inputs)))
        self.next(self.end)

    @step
    def end(self):
        self.has_other = hasattr(self, "other")


if __name__ == "__main__":
    Include()
