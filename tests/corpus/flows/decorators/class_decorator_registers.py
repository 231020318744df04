# idiom: a class decorator that puts flows into a registry, with an argument
# expect: compiles
from metaflow import FlowSpec, step


FLOWS = {}


def registered(name):
    def applied(flow):
        FLOWS[name] = flow
        return flow

    return applied


@registered("daily")
class ClassDecoratorRegisters(FlowSpec):
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    ClassDecoratorRegisters()
