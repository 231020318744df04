# idiom: a project that is installed in place from beside this one
# expect: compiles
# metaflow: the package must be installed in place first
# leaves: result = "GOOD MORNING from Neighbour"

from neighbour.base import Base
from metaflow import step


class Neighbour(Base):
    @step
    def work(self):
        self.result = self.said + " from Neighbour"
        self.next(self.end)


if __name__ == "__main__":
    Neighbour()
