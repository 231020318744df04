# idiom: a base class in a root includes a file that is beside its own
# expect: compiles
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "src"))

from common.queries import Queries
from metaflow import step


class Report(Queries):
    @step
    def start(self):
        self.words = self.query.split()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Report()
