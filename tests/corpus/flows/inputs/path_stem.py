# idiom: the name of the flow's file
# expect: compiles
from pathlib import Path

from metaflow import FlowSpec, Parameter, step


class Stemmed(FlowSpec):
    prefix = Parameter("prefix", default=Path(__file__).stem)

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Stemmed()
