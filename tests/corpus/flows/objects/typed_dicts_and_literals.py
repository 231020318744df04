# idiom: `TypedDict`, `Literal` and `Final` describe the artifacts
# expect: compiles
from typing import Final, Literal, TypedDict

from metaflow import FlowSpec, step

Mode = Literal["fast", "slow"]
LIMIT: Final = 3


class Row(TypedDict, total=False):
    name: str
    mode: Mode


class TypedRows(FlowSpec):
    rows: list

    @step
    def start(self):
        self.rows = [Row(name="a", mode="fast"), {"name": "b"}][:LIMIT]
        self.next(self.end)

    @step
    def end(self):
        self.modes = [row.get("mode", "slow") for row in self.rows]


if __name__ == "__main__":
    TypedRows()
