# idiom: a function of the standard library as a type
# expect: compiles
# arguments:
# arguments: --day 2020-01-01
from datetime import date

from metaflow import FlowSpec, Parameter, step


class ConvertedByPython(FlowSpec):
    day = Parameter("day", type=date.fromisoformat, default="2024-05-06")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ConvertedByPython()
