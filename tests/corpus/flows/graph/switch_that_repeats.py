# idiom: a switch goes back to its own step until the score is good
# expect: compiles
from metaflow import FlowSpec, step


class Repeated(FlowSpec):
    @step
    def start(self):
        self.rounds = 0
        self.scores = []
        self.next(self.improve)

    @step
    def improve(self):
        self.rounds += 1
        self.scores = self.scores + [self.rounds * 0.3]
        self.good = "yes" if self.scores[-1] > 0.8 else "no"
        self.next({"no": self.improve, "yes": self.finish}, condition="good")

    @step
    def finish(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.rounds)


if __name__ == "__main__":
    Repeated()
