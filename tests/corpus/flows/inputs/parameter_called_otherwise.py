# idiom: the option has another name than the attribute, with a hyphen
# expect: compiles
# arguments: --learning-rate 0.2
from metaflow import FlowSpec, Parameter, step


class Hyphens(FlowSpec):
    lr = Parameter("learning-rate", default=0.1, help="the rate " "of learning")
    n_epochs = Parameter(name="epochs", default=2)

    @step
    def start(self):
        self.steps = [round(self.lr / (epoch + 1), 3) for epoch in range(self.n_epochs)]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Hyphens()
