# idiom: a frozen dataclass with the settings
# expect: compiles
from dataclasses import dataclass, field, replace

from metaflow import FlowSpec, Parameter, resources, step


@dataclass(frozen=True)
class Machine:
    cpu: int
    memory: int = 4096
    tags: tuple = field(default=("a", "b"))

    @property
    def label(self):
        return f"{self.cpu} x {self.memory}"

    def scaled(self, factor):
        return replace(self, cpu=self.cpu * factor)


SMALL = Machine(2)
LARGE = SMALL.scaled(4)


class Sized(FlowSpec):
    label = Parameter("label", default=LARGE.label)
    suffix = Parameter("suffix", default=SMALL.tags[-1])

    @resources(cpu=LARGE.cpu, memory=LARGE.memory)
    @step
    def start(self):
        self.cores = LARGE.cpu
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Sized()
