# idiom: a licence, a docstring with code in it, and code that is commented out
# expect: compiles
# Copyright somebody.
"""
Run me:

    python flow.py run --rows 3

class NotAFlow(FlowSpec):
    @step
    def start(self): pass
"""

# from metaflow import batch
from metaflow import FlowSpec, Parameter, step


# @project(name="later")
class Commented(FlowSpec):
    # rows = Parameter("rows", default=5)
    rows = Parameter("rows", default=3)

    # @batch(cpu=4)
    @step
    def start(self):
        self.squares = [row * row for row in range(self.rows)]
        # self.next(self.train)
        self.next(self.end)

    # @step
    # def train(self):
    #     self.next(self.end)

    @step
    def end(self):
        """The end."""


if __name__ == "__main__":
    Commented()
