# idiom: click's plain types
# expect: compiles
# arguments:
# arguments: --count 4 --is-on no
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class PlainTypes(FlowSpec):
    count = Parameter("count", type=click.INT, default=3)
    share = Parameter("share", type=click.FLOAT, default=1)
    is_on = Parameter("is-on", type=click.BOOL, default=True)
    text = Parameter("text", type=click.STRING, default="x")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PlainTypes()
