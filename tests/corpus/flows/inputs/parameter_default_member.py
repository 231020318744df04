# idiom: a member of an enumeration as a default
# expect: compiles
# arguments:
# arguments: --color blue
# aside: color
import enum

from metaflow import FlowSpec, Parameter, step


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Membered(FlowSpec):
    color = Parameter("color", default=Color.RED)

    @step
    def start(self):
        self.label = self.color.name
        self.next(self.end)

    @step
    def end(self):
        self.last = self.color.value


if __name__ == "__main__":
    Membered()
