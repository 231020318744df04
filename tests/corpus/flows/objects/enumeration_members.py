# idiom: members of enumerations
# expect: compiles
from enum import Enum, IntEnum

from metaflow import FlowSpec, Parameter, resources, step


class Stage(Enum):
    DEV = "dev"
    PROD = "prod"

    @property
    def bucket(self):
        return "lake-" + self.value


class Cores(IntEnum):
    FEW = 2
    MANY = 16


class Enumerated(FlowSpec):
    bucket = Parameter("bucket", default=Stage.PROD.bucket)
    stages = Parameter("stages", default=",".join(each.value for each in Stage))
    stage = Parameter("stage", default=Stage("dev").name)

    @resources(cpu=Cores.MANY)
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Enumerated()
