# idiom: the root is an element of Path.parents, kept in a constant
# expect: compiles
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from shared.base import Base
from metaflow import step


class Daily(Base):
    @step
    def work(self):
        self.result = self.said + " from Daily"
        self.next(self.end)


if __name__ == "__main__":
    Daily()
