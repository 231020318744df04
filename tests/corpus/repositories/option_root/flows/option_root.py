# idiom: the command line names the root
# expect: compiles
# options: --source-root third/place
# metaflow: the option is flowc's
# leaves: result = "GOOD MORNING from Yearly"

from parts.base import Base
from metaflow import step


class Yearly(Base):
    @step
    def work(self):
        self.result = self.said + " from Yearly"
        self.next(self.end)


if __name__ == "__main__":
    Yearly()
