# idiom: constants of a base class of settings
# expect: compiles
from metaflow import FlowSpec, resources, step


class Base:
    CPU = 2
    MEMORY = CPU * 1024


class Prod(Base):
    CPU = 16


class Inherited(FlowSpec):
    @resources(cpu=Prod.CPU, memory=Prod.MEMORY)
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Inherited()
