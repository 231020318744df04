# idiom: a relative import in a folder whose name Python cannot import
# expect: FLOW159
from metaflow import FlowSpec, step

from .cleaning import clean


class Hyphenated(FlowSpec):
    @step
    def start(self):
        self.rows = clean([" a "])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Hyphenated()
