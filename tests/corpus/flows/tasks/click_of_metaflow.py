# idiom: steps print with Metaflow's own copy of click
# expect: compiles
from metaflow import FlowSpec, step
from metaflow._vendor import click

KINDS = click.Choice(["small", "large"])


class Printing(FlowSpec):
    @step
    def start(self):
        click.secho("starting", fg="green", bold=True)
        click.echo("careful", err=True)
        self.kind = KINDS.convert("small", None, None)
        self.next(self.end)

    @step
    def end(self):
        try:
            KINDS.convert("medium", None, None)
        except click.UsageError as error:
            self.refused = type(error).__name__


if __name__ == "__main__":
    Printing()
