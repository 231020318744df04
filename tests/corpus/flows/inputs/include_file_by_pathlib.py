# idiom: `IncludeFile` with a path from `Path(__file__)`, as text and as bytes
# expect: compiles
from pathlib import Path

from metaflow import FlowSpec, IncludeFile, step

HERE = Path(__file__).resolve().parent


class ByPath(FlowSpec):
    table = IncludeFile("table", is_text=True, encoding="utf-8", default=str(HERE / "table.csv"))
    raw = IncludeFile("raw", is_text=False, default=str(HERE.joinpath("table.csv")))

    @step
    def start(self):
        self.same = self.raw.decode() == self.table
        self.next(self.end)

    @step
    def end(self):
        self.lines = self.table.count("\n")


if __name__ == "__main__":
    ByPath()
