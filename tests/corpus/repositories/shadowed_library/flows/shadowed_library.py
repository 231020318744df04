# idiom: a root that has a module of the standard library's name, which the flow does not mean
# expect: compiles
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "src"))
import random

from common.base import Base
from metaflow import step


class Shadow(Base):
    @step
    def work(self):
        self.result = self.said + " from Shadow"
        self.drawn = random.Random(1).choice([7])
        self.next(self.end)


if __name__ == "__main__":
    Shadow()
