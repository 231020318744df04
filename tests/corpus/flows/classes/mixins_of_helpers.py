# idiom: helpers come from mixins, before and after FlowSpec
# expect: compiles
from metaflow import FlowSpec, step


class CountMixin:
    unit = "rows"

    def count(self, rows):
        return f"{len(rows)} {self.unit}"


class PathMixin(object):
    def path(self, name):
        return "/".join(["root", type(self).__name__, name])


class Mixed(CountMixin, FlowSpec, PathMixin):
    unit = "lines"

    @step
    def start(self):
        self.text = self.count([1, 2, 3])
        self.next(self.end)

    @step
    def end(self):
        self.place = self.path("x")


if __name__ == "__main__":
    Mixed()
