# idiom: the base class is in a package that is nowhere in the repository
# expect: FLOW105


from elsewhere_entirely.base import Base
from metaflow import step


class Orphan(Base):
    @step
    def work(self):
        self.result = self.said + " from Orphan"
        self.next(self.end)


if __name__ == "__main__":
    Orphan()
