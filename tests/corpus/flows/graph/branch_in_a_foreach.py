# idiom: each item goes through two branches
# expect: compiles
from metaflow import FlowSpec, step


class Regions(FlowSpec):
    @step
    def start(self):
        self.regions = ["eu", "us"]
        self.next(self.region, foreach="regions")

    @step
    def region(self):
        self.here = self.input
        self.next(self.daily, self.weekly)

    @step
    def daily(self):
        self.label = self.here + "-daily"
        self.next(self.both)

    @step
    def weekly(self):
        self.label = self.here + "-weekly"
        self.next(self.both)

    @step
    def both(self, inputs):
        self.names = sorted(each.label for each in inputs)
        self.merge_artifacts(inputs, exclude=["label"])
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.names = sorted(sum((each.names for each in inputs), []))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Regions()
