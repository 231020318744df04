# idiom: modules of a root that import one another
# expect: compiles
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "src"))

from ring.base import Base
from metaflow import step


class Circle(Base):
    @step
    def work(self):
        self.result = self.said + " from Circle"
        self.next(self.end)


if __name__ == "__main__":
    Circle()
