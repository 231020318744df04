# idiom: a class decorator that is an object and applies Metaflow's
# expect: compiles
from metaflow import FlowSpec, project, step


class Owned:
    def __init__(self, name):
        self.name = name

    def __call__(self, flow):
        return project(name=self.name)(flow)


@Owned("corpus")
class ClassDecoratorObject(FlowSpec):
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    ClassDecoratorObject()
