# idiom: artifacts are declared with types in the class, and constants beside them
# expect: compiles
from typing import ClassVar, Dict, List

from metaflow import FlowSpec, step


class Declared(FlowSpec):
    names: List[str]
    counts: Dict[str, int]
    LIMIT: ClassVar[int] = 2

    @step
    def start(self):
        self.names = ["x", "y", "z"][: self.LIMIT]
        self.counts = {name: len(name) for name in self.names}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Declared()
