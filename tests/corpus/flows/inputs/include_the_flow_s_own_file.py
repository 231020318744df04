# idiom: a flow includes its own file
# expect: compiles
import os

from metaflow import FlowSpec, IncludeFile, step


class Itself(FlowSpec):
    source = IncludeFile("source", is_text=True, default=os.path.abspath(__file__))

    @step
    def start(self):
        self.steps = self.source.count("@" + "step")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Itself()
