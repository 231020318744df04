# idiom: a type of the flow's own
# expect: compiles
# arguments:
# arguments: --share 25%
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Percent(click.ParamType):
    name = "percent"

    def convert(self, value, param, ctx):
        return float(str(value).rstrip("%")) / 100


class OwnType(FlowSpec):
    share = Parameter("share", type=Percent(), default="50%")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OwnType()
