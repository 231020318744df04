# idiom: settings in a model of pydantic
# expect: compiles
# metaflow: pydantic is not installed here
# leaves: where = "shop-2"; zone = "a"
from pydantic import BaseModel, Field

from metaflow import FlowSpec, Parameter, resources, step


class Machine(BaseModel):
    cpu: int = 2
    memory: int = Field(4096, description="MiB")
    zones: list[str] = Field(default_factory=lambda: ["a", "b"])


class Settings(BaseModel):
    name: str
    machine: Machine = Machine(cpu=8)


SETTINGS = Settings(name="shop")


class WithModel(FlowSpec):
    zone = Parameter("zone", default=SETTINGS.machine.zones[0])
    where = Parameter("where", default=f"{SETTINGS.name}-{len(SETTINGS.model_dump())}")

    @resources(cpu=SETTINGS.machine.cpu, memory=SETTINGS.machine.memory)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithModel()
