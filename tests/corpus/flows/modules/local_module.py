# idiom: functions and constants of a module beside the flow
# expect: compiles
import helpers_of_modules
from helpers_of_modules import COLUMNS, clean as clean_up

from metaflow import FlowSpec, Parameter, step


class Local(FlowSpec):
    column = Parameter("column", default=COLUMNS[0])

    @step
    def start(self):
        self.rows = clean_up([" a ", "b"])
        self.next(self.end)

    @step
    def end(self):
        self.version = helpers_of_modules.VERSION


if __name__ == "__main__":
    Local()
