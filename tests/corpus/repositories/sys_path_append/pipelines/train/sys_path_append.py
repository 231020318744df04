# idiom: the flow's file appends a folder of the repository to sys.path, and inherits from a class there
# expect: compiles
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src"))

from common.base import Base
from metaflow import step


class Train(Base):
    @step
    def work(self):
        self.result = self.said + " from Train"
        self.next(self.end)


if __name__ == "__main__":
    Train()
