# idiom: a relative import, and a plain one where the file is started as a script
# expect: compiles
from metaflow import FlowSpec, step

try:
    from .helpers_of_modules import clean
except ImportError:
    from helpers_of_modules import clean


class Fallback(FlowSpec):
    @step
    def start(self):
        self.rows = clean([" x "])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Fallback()
