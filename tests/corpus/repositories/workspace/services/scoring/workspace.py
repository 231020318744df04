# idiom: a workspace of several projects; the base class is in another member
# expect: compiles
# metaflow: the package must be installed in place first
# leaves: result = "GOOD MORNING from Scoring"

from core.base import Base
from metaflow import step


class Scoring(Base):
    @step
    def work(self):
        self.result = self.said + " from Scoring"
        self.next(self.end)


if __name__ == "__main__":
    Scoring()
