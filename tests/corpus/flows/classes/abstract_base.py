# idiom: a base class whose methods the flow must define
# expect: compiles
from abc import abstractmethod

from metaflow import FlowSpec, step


class Template(FlowSpec):
    @abstractmethod
    def rows(self):
        ...

    def check(self, rows):
        raise NotImplementedError

    @step
    def start(self):
        self.loaded = self.rows()
        self.checked = self.check(self.loaded)
        self.next(self.end)

    @step
    def end(self):
        pass


class Concrete(Template):
    def rows(self):
        return [1, 2]

    def check(self, rows):
        return all(rows)


if __name__ == "__main__":
    Concrete()
