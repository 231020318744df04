# idiom: a choice of texts
# expect: compiles
# arguments:
# arguments: --size large --kind NET
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Chosen(FlowSpec):
    size = Parameter("size", type=click.Choice(["small", "large"]), default="small", show_choices=False)
    kind = Parameter("kind", type=click.Choice(["Tree", "Net"], case_sensitive=False), default="tree")

    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Chosen()
