# idiom: a project with the src layout, installed in place
# expect: compiles
# metaflow: the package must be installed in place first
# leaves: result = "GOOD MORNING from Nightly"

from company.base import Base
from metaflow import step


class Nightly(Base):
    @step
    def work(self):
        self.result = self.said + " from Nightly"
        self.next(self.end)


if __name__ == "__main__":
    Nightly()
