# idiom: a switch whose cases are True and False, over several lines
# expect: compiles
from metaflow import FlowSpec, step


class Drift(FlowSpec):
    @step
    def start(self):
        self.drifted = bool(sum([1, 2]) > 2)
        self.next(
            {
                True: self.retrain,
                False: self.keep,
            },
            condition="drifted",
        )

    @step
    def retrain(self):
        self.model = "new"
        self.next(self.deploy)

    @step
    def keep(self):
        self.model = "old"
        self.next(self.deploy)

    @step
    def deploy(self):
        self.deployed = self.model
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Drift()
