# idiom: a mixin brings parameters and a step along
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class TrainMixin:
    epochs = Parameter("epochs", default=2)

    def fit(self):
        return [1 / (epoch + 1) for epoch in range(self.epochs)]

    @step
    def train(self):
        self.losses = self.fit()
        self.next(self.end)


class WithMixin(FlowSpec, TrainMixin):
    @step
    def start(self):
        self.rows = [1]
        self.next(self.train)

    @step
    def end(self):
        self.last = self.losses[-1]


if __name__ == "__main__":
    WithMixin()
