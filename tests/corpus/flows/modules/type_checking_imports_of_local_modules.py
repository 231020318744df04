# idiom: imports for the type checker only, of modules that are not there
# expect: compiles
from __future__ import annotations

import typing as t

from metaflow import FlowSpec, step

if t.TYPE_CHECKING:
    from corpus_only_for_types import Frame

    from .helpers_of_modules import Cleaner


class Hints(FlowSpec):
    cleaner: Cleaner

    def size(self, frame: Frame) -> int:
        return len(frame)

    @step
    def start(self) -> None:
        self.frame: t.List[int] = [1, 2]
        self.length = self.size(t.cast("Frame", self.frame))
        self.next(self.end)

    @step
    def end(self) -> None: ...


if __name__ == "__main__":
    Hints()
