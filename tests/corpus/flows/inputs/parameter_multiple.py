# idiom: an option that is given several times is a tuple
# expect: compiles
# arguments:
# arguments: --table a --table b --size 1
from metaflow import FlowSpec, Parameter, step


class Several(FlowSpec):
    tables = Parameter("table", multiple=True)
    sizes = Parameter("size", multiple=True, type=int, default=[10, 20])

    @step
    def start(self):
        self.total = sum(self.sizes) + len(self.tables)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Several()
