# idiom: `IncludeFile` of a table beside the flow, whose path is made from `__file__`
# expect: compiles
import csv
from os.path import abspath, dirname, join

from metaflow import FlowSpec, IncludeFile, step


def script_path(filename):
    return join(dirname(abspath(__file__)), filename)


class Included(FlowSpec):
    table = IncludeFile("table", help="The path to the table", default=script_path("table.csv"))

    @step
    def start(self):
        self.rows = list(csv.reader(self.table.splitlines()))
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(int(row[1]) for row in self.rows[1:])


if __name__ == "__main__":
    Included()
