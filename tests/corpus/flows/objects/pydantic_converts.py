# idiom: a model of pydantic that converts what it is given
# expect: FLOW120
# metaflow: pydantic is not installed here
from pydantic import BaseModel

from metaflow import FlowSpec, resources, step


class Machine(BaseModel):
    cpu: int = 2


MACHINE = Machine(cpu="4")


class WithConversion(FlowSpec):
    @resources(cpu=MACHINE.cpu)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithConversion()
