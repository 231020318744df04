# idiom: dates and UUIDs
# expect: compiles
# arguments:
# arguments: --day 2021-01-02T03:04:05
from metaflow import FlowSpec, Parameter, step
from metaflow._vendor import click


class Dated(FlowSpec):
    day = Parameter("day", type=click.DateTime(), default="2024-02-29")
    month = Parameter("month", type=click.DateTime(formats=["%m/%Y"]), default="03/2024")
    key = Parameter("key", type=click.UUID, default="12345678123456781234567812345678")

    @step
    def start(self):
        self.year = self.day.year
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Dated()
