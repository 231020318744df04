# idiom: a dataclass that computes a field
# expect: compiles
from dataclasses import asdict, dataclass, field

from metaflow import FlowSpec, Parameter, step


@dataclass
class Job:
    team: str
    parts: list = field(default_factory=lambda: ["eu", "us"])
    queue: str = field(init=False)

    def __post_init__(self):
        self.queue = "-".join([self.team, *self.parts])


JOB = asdict(Job("data"))


class Computed(FlowSpec):
    queue = Parameter("queue", default=JOB["queue"])

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Computed()
