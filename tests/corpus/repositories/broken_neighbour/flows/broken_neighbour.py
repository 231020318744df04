# idiom: a module with a syntax error beside the one that the flow needs
# expect: compiles
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "src"))

from common.base import Base
from metaflow import step


class Unharmed(Base):
    @step
    def work(self):
        self.result = self.said + " from Unharmed"
        self.next(self.end)


if __name__ == "__main__":
    Unharmed()
