# idiom: the default of a parameter in the current folder
# expect: compiles
# metaflow: its value differs from place to place
# leaves: is_here = True
import os

from metaflow import FlowSpec, Parameter, step


class Placed(FlowSpec):
    data = Parameter("data", default=os.path.join(os.getcwd(), "data"))

    @step
    def start(self):
        self.is_here = self.data == os.path.join(os.getcwd(), "data")
        self.next(self.end)

    @step
    def end(self):
        self.is_here = self.is_here


if __name__ == "__main__":
    Placed()
