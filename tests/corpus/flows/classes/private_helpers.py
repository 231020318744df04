# idiom: helpers whose names begin with one and two underscores
# expect: compiles
from metaflow import FlowSpec, step


class Private(FlowSpec):
    def _load(self):
        return [1, 2]

    def __scale(self, rows, by=10):
        return [row * by for row in rows]

    @step
    def start(self):
        self.rows = self.__scale(self._load())
        self.next(self.end)

    @step
    def end(self):
        self.again = self.__scale(self.rows, by=2)


if __name__ == "__main__":
    Private()
