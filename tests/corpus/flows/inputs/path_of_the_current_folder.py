# idiom: the default of a parameter in the current folder
# expect: FLOW120
# metaflow: its value differs from place to place
import os

from metaflow import FlowSpec, Parameter, step


class Placed(FlowSpec):
    data = Parameter("data", default=os.path.join(os.getcwd(), "data"))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Placed()
