# idiom: a package at the top of a repository that declares nothing
# expect: compiles
# metaflow: it needs the repository on PYTHONPATH
# leaves: result = "GOOD MORNING from Root"

from lib.common.base import Base
from metaflow import step


class Root(Base):
    @step
    def work(self):
        self.result = self.said + " from Root"
        self.next(self.end)


if __name__ == "__main__":
    Root()
