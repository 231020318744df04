# idiom: helper values with a leading underscore, and several targets of an assignment
# expect: compiles
from metaflow import FlowSpec, step


class Underscores(FlowSpec):
    @step
    def start(self):
        self._scratch = [3, 1, 2]
        self.first, *self.rest = sorted(self._scratch)
        self.a = self.b = self.c = len(self.rest)
        (self.x, (self.y, self.z)) = 1, (2, 3)
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self._scratch) + self.a + self.x


if __name__ == "__main__":
    Underscores()
