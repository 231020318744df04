# idiom: the folder of the base class is on PYTHONPATH
# expect: compiles
# environment: PYTHONPATH=lib

from platform_team.base import Base
from metaflow import step


class Weekly(Base):
    @step
    def work(self):
        self.result = self.said + " from Weekly"
        self.next(self.end)


if __name__ == "__main__":
    Weekly()
