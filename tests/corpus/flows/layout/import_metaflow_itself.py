# idiom: `import metaflow as mf`, and every name below it
# expect: compiles
import metaflow as mf
from metaflow import step


class Qualified(mf.FlowSpec):
    size = mf.Parameter("size", type=int, default=4)
    table = mf.Parameter("table", type=mf.JSONType, default='{"a": [1, 2]}')

    @mf.retry(times=0)
    @mf.step
    def start(self):
        self.first = self.table["a"][0] + self.size
        self.where = mf.current.step_name
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Qualified()
