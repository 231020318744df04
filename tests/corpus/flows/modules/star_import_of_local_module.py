# idiom: `from helpers import *`, with a decorator's values from it
# expect: compiles
from helpers_of_modules import *
from metaflow import FlowSpec, resources, step


class Star(FlowSpec):
    @resources(**DEFAULTS)
    @step
    def start(self):
        self.cleaner = Cleaner("upper")
        self.next(self.end)

    @step
    def end(self):
        self.rows = self.cleaner([" a", "b "])
        self.columns = COLUMNS


if __name__ == "__main__":
    Star()
