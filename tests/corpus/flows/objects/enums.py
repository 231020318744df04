# idiom: an `Enum` of the flow's file decides in steps, and is an artifact
# expect: compiles
from enum import Enum, IntEnum, auto

from metaflow import FlowSpec, Parameter, step


class Mode(str, Enum):
    FAST = "fast"
    SLOW = "slow"


class Level(IntEnum):
    LOW = auto()
    HIGH = auto()


class Enums(FlowSpec):
    mode = Parameter("mode", default=Mode.FAST.value)

    @step
    def start(self):
        self.chosen = Mode(self.mode)
        self.level = Level.HIGH if self.chosen is Mode.FAST else Level.LOW
        self.next(self.end)

    @step
    def end(self):
        self.same = self.chosen == "fast" and self.level > Level.LOW


if __name__ == "__main__":
    Enums()
