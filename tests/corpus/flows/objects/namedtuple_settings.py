# idiom: named tuples with the settings
# expect: compiles
from collections import namedtuple
from typing import NamedTuple

from metaflow import FlowSpec, Parameter, step, timeout


class Limits(NamedTuple):
    cpu: int
    minutes: int = 30


Place = namedtuple("Place", "bucket prefix", defaults=["raw"])
LIMITS = Limits(4)
PLACE = Place("lake")


class Named(FlowSpec):
    prefix = Parameter("prefix", default="/".join(PLACE))
    cpu = Parameter("cpu", default=LIMITS._replace(cpu=8).cpu)

    @timeout(minutes=LIMITS.minutes)
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Named()
