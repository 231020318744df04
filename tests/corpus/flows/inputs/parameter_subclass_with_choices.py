# idiom: a subclass of Parameter that chooses a type
# expect: compiles
# arguments:
# arguments: --model net
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class OneOf(Parameter):
    def __init__(self, name, options, **more):
        super().__init__(name, type=click.Choice(list(options)), default=options[0], **more)


class WithChoices(FlowSpec):
    model = OneOf("model", ("tree", "net"))

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithChoices()
