# idiom: the flow inherits steps and parameters from a flow of another module
# expect: compiles
from base_of_modules import BaseFlow, log_step
from metaflow import step


class FromModule(BaseFlow):
    @log_step
    @step
    def work(self):
        self.rows = self.load(self.limit)
        self.next(self.end)


if __name__ == "__main__":
    FromModule()
