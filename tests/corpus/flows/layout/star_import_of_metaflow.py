# idiom: `from metaflow import *`
# expect: compiles
from metaflow import *


class Starred(FlowSpec):
    items = Parameter("items", default="a,b", separator=",")

    @step
    def start(self):
        self.count = len(self.items)
        self.run_known = current.run_id is not None
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Starred()
