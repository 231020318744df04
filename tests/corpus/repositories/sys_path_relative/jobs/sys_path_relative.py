# idiom: the folder above the flow's, as a relative path
# expect: compiles
import sys

sys.path += [".."]

from toolbox.base import Base
from metaflow import step


class Job(Base):
    @step
    def work(self):
        self.result = self.said + " from Job"
        self.next(self.end)


if __name__ == "__main__":
    Job()
