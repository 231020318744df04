from lib_base import Base, Mixin

from metaflow import step


class Inheritance(Mixin, Base):
    own = "own"
    base_constant = "overridden"

    @step
    def middle(self):
        super().remember("middle")
        self.mixed = self.help()
        self.next(self.last)

    @step
    def last(self):
        self.next(self.end)


if __name__ == "__main__":
    Inheritance()
