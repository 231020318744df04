# idiom: the project's settings name the root
# expect: compiles
# metaflow: the settings are flowc's
# leaves: result = "GOOD MORNING from Hourly"

from parts.base import Base
from metaflow import step


class Hourly(Base):
    @step
    def work(self):
        self.result = self.said + " from Hourly"
        self.next(self.end)


if __name__ == "__main__":
    Hourly()
