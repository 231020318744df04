# idiom: pyproject.toml names the folder that holds packages
# expect: compiles
# metaflow: the package must be installed in place first
# leaves: result = "GOOD MORNING from Monthly"

from company.base import Base
from metaflow import step


class Monthly(Base):
    @step
    def work(self):
        self.result = self.said + " from Monthly"
        self.next(self.end)


if __name__ == "__main__":
    Monthly()
